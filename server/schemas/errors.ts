import { z } from 'zod';

/** Every answer that is no success. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe('Stable, in capitals; clients go by it.'),
      message: z.string().describe('One line for people.'),
    }),
  })
  .meta({ id: 'Error' });
