// Typed views of every kind of node.
#pragma once

#include "grammar/views_declarations.hpp"
#include "grammar/views_expressions.hpp"
#include "grammar/views_rollouts.hpp"
#include "grammar/views_scenarios.hpp"
#include "grammar/views_steps.hpp"
