/* What the kernels use of <math.h>, as instructions of WebAssembly. */
#ifndef CEM_WASM_MATH_H
#define CEM_WASM_MATH_H

#define INFINITY __builtin_inff()

static inline float sqrtf(float x) { return __builtin_sqrtf(x); }
static inline float rintf(float x) { return __builtin_rintf(x); }

#endif
