import { tf } from '../tf.ts';
import { BackendError, reasonOf, type StartBackend } from './backend.ts';

/** The part of WebGPU's interface that is used here; the package's own types need the DOM's WebGPU declarations. */
interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}
interface Gpu {
  requestAdapter(options?: { powerPreference: string }): Promise<Adapter | null>;
}

const ADVICE = 'It needs a GPU with a Vulkan, Metal or Direct3D 12 driver; choose another with --backend (CEM_BACKEND).';

/** Software adapters: SwiftShader, Mesa's llvmpipe (lavapipe), Microsoft's WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

let gpu: Gpu | undefined;

/** Puts Dawn's WebGPU where a browser has it, which is where tfjs looks; once a process. */
async function installWebGpu(): Promise<Gpu> {
  if (gpu) return gpu;
  const dawn = await import('webgpu');
  Object.assign(globalThis, dawn.globals);
  gpu = dawn.create([]) as unknown as Gpu;
  // Node 21 and later have a read-only `navigator` of their own.
  if (globalThis.navigator === undefined) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/** WebGPU by Dawn. A software adapter computes correctly but slower than `wasm`, so it is taken only when asked for by name. */
export const startWebGpu: StartBackend = async ({ asked }) => {
  try {
    const adapter = await (await installWebGpu()).requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new BackendError('webgpu', 'no graphics adapter', ADVICE);
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
    const name = [vendor, architecture, description].filter(Boolean).join(' ');
    if (!asked && (isFallbackAdapter || SOFTWARE.test(name))) {
      throw new BackendError(
        'webgpu',
        `only a software adapter (${name})`,
        'Ask for it by name (--backend webgpu) to test with it.',
      );
    }
    await import('@tensorflow/tfjs-backend-webgpu');
    if (!(await tf.setBackend('webgpu'))) throw new BackendError('webgpu', `tfjs could not start it on ${name}`, ADVICE);
    return name;
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError('webgpu', reasonOf(error), ADVICE, error);
  }
};
