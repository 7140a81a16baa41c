/** A text read off the frames of a line. */
export interface DecodedText {
  readonly text: string;
  /** Mean probability of its characters; 0 without one. */
  readonly confidence: number;
  /** Where each UTF-16 unit of the text stands: the frame at which its character is surest. */
  readonly frames: readonly number[];
}

/**
 * The likeliest path of connectionist temporal classification (Graves et al. 2006): of each frame the likeliest class, repetitions joined, blanks left out.
 *
 * @param scores [frames, classes]
 * @param characters of classes from 1 on; class 0 is the blank
 */
export function decodeCtc(scores: Float32Array, frames: number, characters: readonly string[]): DecodedText {
  const classes = characters.length + 1;
  let text = '';
  const places: number[] = [];
  let [sum, count] = [0, 0];
  let [before, surest] = [0, 0];
  for (let frame = 0; frame < frames; frame++) {
    const from = frame * classes;
    let best = 0;
    for (let each = 1; each < classes; each++) if (scores[from + each]! > scores[from + best]!) best = each;
    const score = scores[from + best]!;
    if (best !== 0 && best !== before) {
      const character = characters[best - 1]!;
      text += character;
      for (let unit = 0; unit < character.length; unit++) places.push(frame);
      sum += score;
      count++;
      surest = score;
    } else if (best !== 0 && score > surest) {
      surest = score;
      places.fill(frame, places.length - characters[best - 1]!.length);
    }
    before = best;
  }
  return { text, confidence: count === 0 ? 0 : sum / count, frames: places };
}
