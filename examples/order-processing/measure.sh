#!/bin/sh
# The numbers that the rollout watches, one for each call. Without a number on the output there is no data.
#
#   measure.sh query QUERY     the newest point of a DataDog query in the last minute
#   measure.sh alerts TAGS     how many DataDog monitors with these tags are in alarm
#   measure.sh unhealthy COLOR the share of the load balancer's instances that is not healthy
#   measure.sh log-errors      how many lines of the last minute's log report an error
set -eu

datadog() {
  # The keys go in through the standard input: on the command line every user of the machine could read them.
  printf 'DD-API-KEY: %s\nDD-APPLICATION-KEY: %s\n' "$DD_API_KEY" "$DD_APP_KEY" | curl --silent --show-error --fail --get --header @- "https://api.datadoghq.com/api/v1/$@"
}

case "$1" in
  query)
    now=$(date +%s)
    datadog query --data-urlencode "query=$2" --data "from=$((now - 60))" --data "to=$now" |
      jq '.series[0].pointlist[-1][1] // empty'
    ;;
  alerts)
    datadog monitor/search --data-urlencode "query=status:alert $2" | jq '.metadata.total_count'
    ;;
  unhealthy)
    aws elbv2 describe-target-health \
      --target-group-arn "arn:aws:elasticloadbalancing:us-east-1:123456:targetgroup/order-api-$2" |
      jq '[.TargetHealthDescriptions[].TargetHealth.State] | if length == 0 then empty else (map(select(. != "healthy")) | length) / length end'
    ;;
  log-errors)
    lines=$(aws logs tail /aws/ecs/order-api --filter-pattern ERROR --since 1m)
    printf '%s' "$lines" | grep -c ERROR || true
    ;;
esac
