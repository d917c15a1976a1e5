# Writes each file as a row of a C++ table. Run with -DSOURCES="a;b" -DOUTPUT=file -DTABLE="Type name" -DNAMESPACE=ns.
#
# Raw strings are cut into pieces, since compilers limit the length of one literal.

set(rows "")
foreach(source IN LISTS SOURCES)
  get_filename_component(name "${source}" NAME_WE)
  file(READ "${source}" text)
  string(LENGTH "${text}" length)
  set(pieces "")
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 piece)
    string(APPEND pieces "R\"rollout(${piece})rollout\"\n")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  string(APPEND rows "    {\"${name}\",\n${pieces}},\n")
endforeach()
file(WRITE "${OUTPUT}" "namespace ${NAMESPACE} {\nconstexpr ${TABLE}[] = {\n${rows}};\n}  // namespace ${NAMESPACE}\n")
