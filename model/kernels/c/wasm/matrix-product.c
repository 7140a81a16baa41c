/*
 * Matrix products for the wasm backend. Blocks of both operands are copied into the order in which the inner loop reads them, which makes a transposed operand cost no more than another;
 * the inner loop keeps a tile of the result in registers.
 *
 * Source of the method: Goto and van de Geijn 2008 (Anatomy of high-performance matrix multiplication); Van Zee and van de Geijn 2015 (BLIS).
 */
#include "matrix-product.h"

#include <stdbool.h>

#include "../attention-vectors.h"

/* A tile: 8 registers of sums. More rows or columns, or several steps a round, made engines keep sums in memory: 22 to 30 GFLOP/s instead of 40. */
enum { TILE_ROWS = 4, TILE_COLUMNS = 2 * LANES };
/* Steps of the inner dimension in a block: a panel of the right operand is 8 KiB, in the first cache. */
enum { DEPTH = 256 };
/* Rows of a block of the left operand, 128 KiB, in the second cache; columns of a block of the right one, 1 MiB. */
enum { BLOCK_ROWS = 128, BLOCK_COLUMNS = 1024 };

typedef struct {
  const float* at;
  /* Numbers from one row to the next, and from one column to the next: one of them is 1. */
  int32_t row_step;
  int32_t column_step;
} operand;

INLINE int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/*
 * `count` lines of an operand (rows of the left one, columns of the right one) over `depth` steps, as panels [lines / width][depth][width]; lines that are missing in the last panel are zeros.
 * A line is `line_step` from the next, a step `depth_step`.
 */
INLINE void pack(const float* from, int32_t line_step, int32_t depth_step, int32_t count, int32_t depth, const int32_t width, float* to) {
  for (int32_t line = 0; line < count; line += width, from += width * line_step, to += width * depth) {
    int32_t lines = smaller(width, count - line);
    if (lines < width) {
      for (int32_t step = 0; step < depth; step++)
        for (int32_t i = 0; i < width; i++) to[step * width + i] = i < lines ? from[i * line_step + step * depth_step] : 0.0f;
    } else if (line_step == 1) {
      for (int32_t step = 0; step < depth; step++)
        for (int32_t i = 0; i < width; i += LANES) store(to + step * width + i, load(from + step * depth_step + i));
    } else {
      int32_t step = 0;
      for (; step + LANES <= depth; step += LANES)
        for (int32_t i = 0; i < width; i += LANES) transpose_four(from + i * line_step + step, line_step, to + step * width + i, width);
      for (; step < depth; step++)
        for (int32_t i = 0; i < width; i++) to[step * width + i] = from[i * line_step + step];
    }
  }
}

/* to = (add: +) a panel of the left operand times one of the right operand. */
static void tile(const float* a, const float* b, int32_t depth, float* to, int32_t to_step, bool add) {
  lanes sums[TILE_ROWS][2];
UNROLLED
  for (int row = 0; row < TILE_ROWS; row++) sums[row][0] = sums[row][1] = all(0.0f);
#pragma GCC unroll 1
  for (int32_t step = 0; step < depth; step++) {
    lanes first = load(b), second = load(b + LANES);
UNROLLED
    for (int row = 0; row < TILE_ROWS; row++) {
      lanes factor = all(a[row]);
      sums[row][0] += factor * first;
      sums[row][1] += factor * second;
    }
    a += TILE_ROWS;
    b += TILE_COLUMNS;
  }
UNROLLED
  for (int row = 0; row < TILE_ROWS; row++, to += to_step) {
    store(to, add ? load(to) + sums[row][0] : sums[row][0]);
    store(to + LANES, add ? load(to + LANES) + sums[row][1] : sums[row][1]);
  }
}

/* A tile at the result's end, by way of a whole one. */
static void partial_tile(const float* a, const float* b, int32_t depth, float* to, int32_t to_step, bool add, int32_t rows, int32_t columns) {
  float whole[TILE_ROWS * TILE_COLUMNS];
  tile(a, b, depth, whole, TILE_COLUMNS, false);
  for (int32_t row = 0; row < rows; row++)
    for (int32_t column = 0; column < columns; column++) {
      float sum = whole[row * TILE_COLUMNS + column];
      to[row * to_step + column] = add ? to[row * to_step + column] + sum : sum;
    }
}

static void block(const float* left, const float* right, int32_t rows, int32_t columns, int32_t depth, float* to, int32_t to_step, bool add) {
  for (int32_t column = 0; column < columns; column += TILE_COLUMNS) {
    for (int32_t row = 0; row < rows; row += TILE_ROWS) {
      const float* a = left + row * depth;
      const float* b = right + column * depth;
      float* at = to + row * to_step + column;
      if (row + TILE_ROWS <= rows && column + TILE_COLUMNS <= columns) tile(a, b, depth, at, to_step, add);
      else partial_tile(a, b, depth, at, to_step, add, smaller(TILE_ROWS, rows - row), smaller(TILE_COLUMNS, columns - column));
    }
  }
}

__attribute__((visibility("default"))) int32_t matrix_product_scratch(void) { return DEPTH * (BLOCK_ROWS + BLOCK_COLUMNS); }

void cem_matrix_product(const matrix_product_operands* given) {
  operand a = {given->left, given->transpose_left ? 1 : given->left_step, given->transpose_left ? given->left_step : 1};
  operand b = {given->right, given->transpose_right ? 1 : given->right_step, given->transpose_right ? given->right_step : 1};
  float* packed_right = given->scratch + DEPTH * BLOCK_ROWS;
  for (int32_t column = 0; column < given->columns; column += BLOCK_COLUMNS) {
    int32_t columns = smaller(BLOCK_COLUMNS, given->columns - column);
    for (int32_t step = 0; step < given->inner; step += DEPTH) {
      int32_t depth = smaller(DEPTH, given->inner - step);
      pack(b.at + step * b.row_step + column * b.column_step, b.column_step, b.row_step, columns, depth, TILE_COLUMNS, packed_right);
      for (int32_t row = 0; row < given->rows; row += BLOCK_ROWS) {
        int32_t rows = smaller(BLOCK_ROWS, given->rows - row);
        pack(a.at + row * a.row_step + step * a.column_step, a.row_step, a.column_step, rows, depth, TILE_ROWS, given->scratch);
        block(given->scratch, packed_right, rows, columns, depth, given->output + row * given->output_step + column, given->output_step, step > 0);
      }
    }
  }
}

__attribute__((visibility("default"))) void matrix_product(const matrix_product_operands* given) { cem_matrix_product(given); }
