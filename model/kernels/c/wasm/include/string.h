/* What the kernels use of <string.h>: the compiler makes instructions of it. */
#ifndef CEM_WASM_STRING_H
#define CEM_WASM_STRING_H

#include <stddef.h>

void* memcpy(void* restrict to, const void* restrict from, size_t bytes);
void* memset(void* to, int value, size_t bytes);

#endif
