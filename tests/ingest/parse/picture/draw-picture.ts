import sharp from 'sharp';

/** Pixels of a chart of bars whose heights the number decides: no two numbers look the same. */
export async function chartPicture(
  number: number,
  format: 'png' | 'jpeg' | 'webp' | 'gif' = 'png',
  width = 200,
  height = 120,
): Promise<Uint8Array> {
  const bars = Array.from({ length: 5 }, (_, bar) => {
    const tall = 10 + ((number * 37 + bar * 53) % (height - 20));
    return `<rect x="${20 + bar * 32}" y="${height - tall}" width="24" height="${tall}" fill="#2a6"/>`;
  });
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${bars.join('')}</svg>`;
  return Uint8Array.from(await sharp(Buffer.from(drawing)).toFormat(format).toBuffer());
}

export const dataAddress = (bytes: Uint8Array, type = 'image/png'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
