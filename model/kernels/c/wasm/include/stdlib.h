/* What the kernels use of <stdlib.h>: memory is the backend's. */
#ifndef CEM_WASM_STDLIB_H
#define CEM_WASM_STDLIB_H

#include <stddef.h>

void* malloc(size_t bytes);
void free(void* memory);

/* WebAssembly reads vectors from anywhere. */
static inline void* aligned_alloc(size_t alignment, size_t bytes) {
  (void)alignment;
  return malloc(bytes);
}

#endif
