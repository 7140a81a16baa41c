/*
 * Elementary functions on floats without a branch, so that a loop over them becomes vector instructions on any machine (AVX-512, AVX2, NEON).
 */
#ifndef CEM_VECTOR_MATH_H
#define CEM_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Before a loop whose rounds do not need each other's results, though its pointers may be the same: it becomes vector instructions without a test for that. */
#ifdef __clang__
#define CEM_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define CEM_INDEPENDENT _Pragma("GCC ivdep")
#endif

/*
 * One rounding where the machine has it. A builtin, because the compiler may reorder a written-out product and sum where a file is compiled with
 * -fassociative-math, which would undo the two-part subtraction below.
 */
static inline float cem_fused(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/*
 * Sixteen floats at once, wherever they lie. Sums go by these lanes and are folded at the end, so that their order is written here and not chosen by the compiler:
 * the same on every width of vector registers.
 */
typedef float cem_lanes __attribute__((vector_size(64), aligned(4), may_alias));
enum { CEM_LANES = 16 };

static inline cem_lanes cem_load(const float* from) { return *(const cem_lanes*)from; }
/* The first `count` of sixteen floats, zeros after them. */
static inline cem_lanes cem_load_part(const float* from, int64_t count) {
  cem_lanes value = {0};
  memcpy(&value, from, (size_t)count * sizeof(float));
  return value;
}

/* Sum of the lanes: those at a distance of 8 are added first, then of 4, 2 and 1. */
static inline float cem_fold(cem_lanes value) {
  typedef float eight __attribute__((vector_size(32)));
  typedef float four __attribute__((vector_size(16)));
  eight halves[2];
  memcpy(halves, &value, sizeof value);
  halves[0] += halves[1];
  four quarters[2];
  memcpy(quarters, halves, sizeof quarters);
  quarters[0] += quarters[1];
  return (quarters[0][0] + quarters[0][2]) + (quarters[0][1] + quarters[0][3]);
}

/* 2^exponent for whole exponents in -126..127. */
static inline float cem_power_of_two(int32_t exponent) {
  int32_t bits = (int32_t)((uint32_t)(exponent + 127) << 23);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/*
 * e^x within 1.1 units in the last place, denormal results within 1.5; 0 below -104, infinity above 88.73, NaN stays NaN.
 *
 * x = n ln2 + r with |r| <= ln2 / 2; ln2 is subtracted in two parts, of which the first has 9 significant bits, so that n times it is exact (Cody and Waite 1980).
 * e^r = 1 + r + r^2 q(r): q interpolates (e^r - 1 - r) / r^2 at Chebyshev points, error of e^r below 5e-9. 2^n is applied as two factors, because n reaches -150 and 128.
 */
static inline float cem_exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  float n = rintf(x * 1.44269504f);
  float r = cem_fused(n, -0.693359375f, x);
  r = cem_fused(n, 2.12194440e-4f, r);
  float q = 1.38934073e-3f;
  q = cem_fused(q, r, 8.37029982e-3f);
  q = cem_fused(q, r, 4.16670926e-2f);
  q = cem_fused(q, r, 1.66665062e-1f);
  q = cem_fused(q, r, 4.99999970e-1f);
  float power = cem_fused(q * r, r, r) + 1.0f;
  /* NaN fails the comparison, so what is converted is always a whole number in range. */
  int32_t whole = (int32_t)(n > -151.0f ? n : -151.0f);
  int32_t half = whole >> 1;
  return power * cem_power_of_two(half) * cem_power_of_two(whole - half);
}

/* 1 / (1 + e^-x): 0 and 1 at the ends, NaN stays NaN. */
static inline float cem_sigmoid(float x) { return 1.0f / (1.0f + cem_exp(-x)); }

#endif
