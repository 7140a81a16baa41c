import { tf } from '../../model/index.ts';

/**
 * Asks for the teacher's similarities between the texts of a batch, wherever in space the texts lie: `mean((S S^T - T T^T)^2)` over all batch^2 pairs.
 * Source: Zhang et al. 2024 (Jasper and Stella), "similarity loss"; Passalis and Tefas 2018 for the idea.
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, any dimension], L2-normalised
 * @returns a scalar
 * @example similarityMatrix(tf.matMul(teacher, rotation), teacher) // 0: only angles between texts count
 */
export function similarityMatrix(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const wanted = tf.matMul(teacher, teacher, false, true); // [batch, batch]
    return tf.mean(tf.squaredDifference(tf.matMul(student, student, false, true), wanted)) as tf.Scalar;
  });
}
