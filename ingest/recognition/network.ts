import type * as Onnx from 'onnxruntime-node';
import { CemError, messageOf } from '../../base/index.ts';

/** One network with one input and one output. */
export interface Network {
  /** @param shape of the input, [batch, 3, rows, columns] */
  run(input: Float32Array, shape: readonly number[]): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }>;
  dispose(): Promise<void>;
}

export interface NetworkOptions {
  /** That it computes with; 1 unless given. */
  readonly threads?: number;
  /** Called behind each run, which waits for it. */
  readonly onRun?: () => Promise<unknown>;
}

/**
 * Loads an ONNX model.
 *
 * @throws CemError `OCR_RUNTIME_MISSING` where onnxruntime cannot be loaded, `OCR_MODEL` for a file that is no model
 */
export async function loadNetwork(path: string, { threads = 1, onRun }: NetworkOptions): Promise<Network> {
  const onnx = await loadRuntime();
  const session = await onnx.InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Inputs have every size, and what the arena took for the largest it would keep.
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Threads that wait would take the time of other processes.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }).catch((cause: unknown) => {
    throw new CemError('OCR_MODEL', `${path} cannot be loaded (${messageOf(cause)}): fetch it again, with cem fetch-ocr`, {
      details: { path },
      cause,
    });
  });
  const [input = ''] = session.inputNames;
  const [output = ''] = session.outputNames;
  return {
    async run(data, shape) {
      const results = await session.run({ [input]: new onnx.Tensor('float32', data, [...shape]) });
      await onRun?.();
      const { data: values, dims } = results[output] as Onnx.Tensor;
      return { data: values as Float32Array, shape: dims };
    },
    dispose: () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof Onnx> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new CemError(
      'OCR_RUNTIME_MISSING',
      `texts in pictures are read by the package onnxruntime-node, which cannot be loaded (${messageOf(cause)}); install it: npm install onnxruntime-node`,
      { cause },
    );
  }
}
