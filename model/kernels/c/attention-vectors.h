/*
 * Vectors as wide as the machine's registers, and the one small matrix product that attention is made of.
 */
#ifndef CEM_ATTENTION_VECTORS_H
#define CEM_ATTENTION_VECTORS_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
#define CEM_AVX512 1
#endif

/*
 * LANES: floats a register. A product keeps ROWS x WIDE registers of sums: 24 of 32 registers, or 12 of 16; of WebAssembly's, which an engine gives out without knowing the loop, 8.
 * LANES and ROWS divide 16.
 */
#if defined(CEM_AVX512)
#define LANES 16
#define ROWS 8
#define WIDE 3
#elif defined(__AVX__)
#define LANES 8
#define ROWS 4
#define WIDE 3
#elif defined(__wasm__)
#define LANES 4
#define ROWS 4
#define WIDE 2
#else
#define LANES 4
#define ROWS 4
#define WIDE 3
#endif

typedef float lanes __attribute__((vector_size(LANES * 4)));
typedef int32_t lane_integers __attribute__((vector_size(LANES * 4)));
typedef uint32_t lane_naturals __attribute__((vector_size(LANES * 4)));

#define INLINE static inline __attribute__((always_inline))

/* Before a loop over registers: its rounds are written out. */
#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* A piece around an inner loop: part of what calls it, so that constants are known there; but for WebAssembly a function, because an engine gives out registers badly in a large one. */
#ifdef __wasm__
#define PIECE static __attribute__((noinline))
#else
#define PIECE INLINE
#endif

INLINE lanes load(const float* from) {
  lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}

INLINE void store(float* to, lanes value) { memcpy(to, &value, sizeof value); }

INLINE lanes all(float value) { return value - (lanes){0}; }

/* Lane by lane: which ? a : b. */
INLINE lanes choose(lane_integers which, lanes a, lanes b) {
  return (lanes)(((lane_integers)a & which) | ((lane_integers)b & ~which));
}

/* The larger one; b where one is NaN. */
INLINE lanes larger(lanes a, lanes b) { return choose(a > b, a, b); }

INLINE lane_integers lane_numbers(void) {
  lane_integers numbers;
  for (int32_t lane = 0; lane < LANES; lane++) numbers[lane] = lane;
  return numbers;
}

/* In a fixed order of pairs. */
INLINE float sum_of_lanes(lanes value) {
  float parts[LANES];
  memcpy(parts, &value, sizeof parts);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) parts[lane] += parts[lane + half];
  return parts[0];
}

INLINE float largest_lane(lanes value) {
#ifdef CEM_AVX512
  return _mm512_reduce_max_ps((__m512)value);
#else
  float parts[LANES];
  memcpy(parts, &value, sizeof parts);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) parts[lane] = parts[lane] > parts[lane + half] ? parts[lane] : parts[lane + half];
  return parts[0];
#endif
}

/*
 * 2^x for x <= 1, within 2 units in the last place: nothing below -126, NaN stays NaN.
 * 2^x = 2^n 2^r with |r| <= 1/2 and 2^r = 1 + r q(r), where q interpolates (2^r - 1) / r at Chebyshev points; error of 2^r below 1e-8 before rounding.
 */
INLINE lanes power_of_two(lanes x) {
#ifdef CEM_AVX512
  lanes whole = (lanes)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  lanes rest = (lanes)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  /* What is clamped comes out as nothing below. Added to 1.5 * 2^23, a number is rounded to a whole one, which stands in the last bits of the sum. */
  lanes clamped = choose(x < -127.0f, all(-127.0f), x);
  lanes shifted = clamped + 12582912.0f;
  lane_integers exponent = (lane_integers)shifted;
  lanes rest = clamped - (shifted - 12582912.0f);
#endif
  lanes q = rest * 1.54531634e-4f + 1.33908633e-3f;
  q = q * rest + 9.61808302e-3f;
  q = q * rest + 5.55035695e-2f;
  q = q * rest + 2.40226507e-1f;
  q = q * rest + 6.93147182e-1f;
  lanes power = q * rest + 1.0f;
#ifdef CEM_AVX512
  return (lanes)_mm512_scalef_ps((__m512)power, (__m512)whole);
#else
  lanes scaled = power * (lanes)((exponent + 127) << 23);
  return choose(x < -126.0f, all(0.0f), scaled);
#endif
}

/* Where the left operand of a product has element (row, step): at row * row_step + step * depth_step. Constants at every call, so that addresses are. */
typedef struct {
  const float* at;
  int64_t row_step;
  int64_t depth_step;
} left_operand;

/* Where the right operand has the vector of columns number v at a step: at v * vector_step + step * depth_step. */
typedef struct {
  const float* at;
  int64_t vector_step;
  int64_t depth_step;
} right_operand;

INLINE void product_tile(const int width, int64_t depth, left_operand left, right_operand right, float* to, int64_t to_step, int add) {
  lanes sums[ROWS][WIDE];
UNROLLED
  for (int row = 0; row < ROWS; row++)
UNROLLED
    for (int v = 0; v < width; v++) sums[row][v] = add ? load(to + row * to_step + v * LANES) : all(0.0f);
  const float* a = left.at;
  const float* b = right.at;
#pragma GCC unroll 1
  for (int64_t step = 0; step < depth; step++) {
    lanes columns[WIDE];
UNROLLED
    for (int v = 0; v < width; v++) columns[v] = load(b + v * right.vector_step);
UNROLLED
    for (int row = 0; row < ROWS; row++) {
      lanes factor = all(a[row * left.row_step]);
UNROLLED
      for (int v = 0; v < width; v++) sums[row][v] += factor * columns[v];
    }
    a += left.depth_step;
    b += right.depth_step;
  }
UNROLLED
  for (int row = 0; row < ROWS; row++)
UNROLLED
    for (int v = 0; v < width; v++) store(to + row * to_step + v * LANES, sums[row][v]);
}

/*
 * to[row][column] = (add: +) sum over depth of left[row][step] * right[step][column]. `rows` is a multiple of ROWS; `vectors` counts columns in LANES.
 */
INLINE void product(int64_t rows, int64_t vectors, int64_t depth, left_operand left, right_operand right, float* to, int64_t to_step, int add) {
  int64_t v = 0;
  while (v < vectors) {
    int64_t remaining = vectors - v;
    /* 4 = 2 + 2: two even tiles are faster than a wide and a narrow one. */
    int width = WIDE == 3 && remaining >= 3 && remaining != 4 ? 3 : remaining >= 2 ? 2 : 1;
    for (int64_t row = 0; row < rows; row += ROWS) {
      left_operand a = {left.at + row * left.row_step, left.row_step, left.depth_step};
      right_operand b = {right.at + v * right.vector_step, right.vector_step, right.depth_step};
      float* target = to + row * to_step + v * LANES;
      if (WIDE == 3 && width == 3) product_tile(WIDE, depth, a, b, target, to_step, add);
      else if (width == 2) product_tile(2, depth, a, b, target, to_step, add);
      else product_tile(1, depth, a, b, target, to_step, add);
    }
    v += width;
  }
}

#ifdef __wasm__
/* 4 rows of 4 numbers, transposed. */
INLINE void transpose_four(const float* from, int64_t from_step, float* to, int64_t to_step) {
  lanes a = load(from), b = load(from + from_step), c = load(from + 2 * from_step), d = load(from + 3 * from_step);
  lanes ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  lanes cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store(to + to_step, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  store(to + 2 * to_step, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(to + 3 * to_step, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}
#endif

/*
 * 16 rows of 16 columns, transposed: element (row, column) goes to column * to_step + row % LANES of group row / LANES.
 */
INLINE void transpose_block(const float* from, int64_t from_step, float* to, int64_t to_step, int64_t group_step) {
#ifdef CEM_AVX512
  (void)group_step;
  lanes rows[LANES];
UNROLLED
  for (int row = 0; row < LANES; row++) rows[row] = load(from + row * from_step);
  /* Blocks of 1, 2, 4 and 8 numbers change places across the diagonal. Lane l of the first result is upper[l] where l & SIZE is 0, else lower[l - SIZE]: number 16 + l - SIZE. */
#define STAGE(SIZE, ...)                                                                                        \
  UNROLLED for (int row = 0; row < LANES; row++) if (!(row & SIZE)) {                            \
    __m512 upper = (__m512)rows[row], lower = (__m512)rows[row + SIZE];                                         \
    lane_integers first = {__VA_ARGS__};                                                                        \
    rows[row] = (lanes)_mm512_permutex2var_ps(upper, (__m512i)first, lower);                                    \
    rows[row + SIZE] = (lanes)_mm512_permutex2var_ps(upper, (__m512i)(first + SIZE), lower);                    \
  }
  STAGE(1, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
  STAGE(2, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
  STAGE(4, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
  STAGE(8, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#undef STAGE
UNROLLED
  for (int row = 0; row < LANES; row++) store(to + row * to_step, rows[row]);
#elif defined(__wasm__)
  for (int row = 0; row < 16; row += LANES)
    for (int column = 0; column < 16; column += LANES)
      transpose_four(from + row * from_step + column, from_step, to + row / LANES * group_step + column * to_step, to_step);
#else
  for (int row = 0; row < 16; row++)
    for (int column = 0; column < 16; column++)
      to[row / LANES * group_step + column * to_step + row % LANES] = from[row * from_step + column];
#endif
}

#endif
