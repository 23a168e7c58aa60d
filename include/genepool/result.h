// Error and Result<T> of the public library. See base/error.h for the codes.
#pragma once

#include <base/error.h>
