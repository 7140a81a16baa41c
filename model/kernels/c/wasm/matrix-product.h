#ifndef CEM_MATRIX_PRODUCT_H
#define CEM_MATRIX_PRODUCT_H

#include <stdint.h>

/*
 * output[rows][columns] = left times right: left is [rows][inner], or [inner][rows] where it is transposed; right is [inner][columns], or [columns][inner].
 * Steps are the numbers from one row to the next as the matrix lies in memory.
 */
typedef struct {
  const float* left;
  int32_t left_step;
  int32_t transpose_left;
  const float* right;
  int32_t right_step;
  int32_t transpose_right;
  int32_t rows;
  int32_t inner;
  int32_t columns;
  float* output;
  int32_t output_step;
  float* scratch; /* as many numbers as matrix_product_scratch says */
} matrix_product_operands;

/* Numbers are added in an order that does not depend on where in the result they stand, so that a product may be cut. */
void cem_matrix_product(const matrix_product_operands* given);

#endif
