// Boost.JSON's own definitions, alone in their object file: a program that links another room with the same file takes
// one of them.
#include <boost/json/src.hpp>
