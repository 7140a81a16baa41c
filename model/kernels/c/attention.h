/*
 * Softmax attention with rotary positions inside, by blocks of queries and tiles of keys whose scores never leave the caches.
 * Source of the method: Dao et al. 2022 (FlashAttention), algorithm 1 and appendix B.
 */
#ifndef CEM_ATTENTION_H
#define CEM_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int64_t batch;
  int64_t positions;
  int64_t heads;
  int64_t width; /* channels a head, even */
  int64_t window; /* query i sees key j where |i - j| < window; 0: all */
  bool causal;    /* and only where j <= i */
  const float* query; /* [batch, positions, heads * width], as key and value, positions `step` numbers apart */
  const float* key;
  const float* value;
  int64_t step;
  const float* mask;   /* [batch, positions] 1 for real keys, 0 for padding */
  const float* angles; /* [positions, width / 2, 2] cosine and sine of every pair */
} cem_attention;

/*
 * output [batch, positions, heads * width]; statistics [batch, heads, positions, 2]: of every query's scores, in units of ln 2, the largest one,
 * and 1 / the sum of the exponentials above it. (Their one logarithm would lose the sum where all keys are masked: scores are near -1e9 then.)
 * False where memory is missing.
 */
bool cem_attention_forward(const cem_attention* attention, float* output, float* statistics);

typedef struct {
  const float* output;
  const float* statistics;
  const float* dy;
  float* query; /* gradients, `step` apart as the operands */
  float* key;
  float* value;
} cem_attention_gradients;

bool cem_attention_backward(const cem_attention* attention, const cem_attention_gradients* gradients);

#endif
