import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tf } from '../tf.ts';
import { BackendError, reasonOf, type StartBackend } from './contract/backend.ts';

/** What an adapter says of itself: the part of WebGPU's GPUAdapterInfo that is used here. */
interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** The part of WebGPU's interface that is used here; the package's own types need the DOM's WebGPU declarations. */
interface Gpu {
  requestAdapter(options?: { powerPreference: string }): Promise<{ readonly info: AdapterInfo } | null>;
}

const ADVICE = 'It needs a GPU with a Vulkan, Metal or Direct3D 12 driver; choose another with --backend (CEM_BACKEND).';

/** Software adapters: SwiftShader, Mesa's llvmpipe (lavapipe), Microsoft's WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

/** A driver that takes longer to say what it is hangs. */
const ASK_LIMIT_MS = 60_000;

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

/** Whether the system's loader finds Vulkan. A library that is found is no addon, which `dlopen` then says in other words. */
function hasVulkanLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return true;
  } catch (error) {
    return !/cannot open shared object file/.test(String(error));
  }
}

/** Prints what the adapter says of itself, or null, as its last line. */
const ASK_SCRIPT = `
const { create, globals } = await import(process.argv[1]);
Object.assign(globalThis, globals);
const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
const { vendor, architecture, description, isFallbackAdapter } = adapter?.info ?? {};
const answer = adapter ? { vendor, architecture, description, isFallbackAdapter } : null;
process.stdout.write('\\n' + JSON.stringify(answer) + '\\n', () => process.exit(0));
`;

/**
 * The adapter that Dawn would take, asked for in a process of its own: on a machine without a driver, Dawn and Vulkan's loader write warnings to standard error, which nobody can act on who
 * did not ask for WebGPU; and a driver may crash. Null where there is none.
 */
async function askForAdapter(): Promise<AdapterInfo | null> {
  if (process.platform === 'linux' && !hasVulkanLoader()) return null;
  const args = ['--input-type=module', '-e', ASK_SCRIPT, import.meta.resolve('webgpu')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: ASK_LIMIT_MS, killSignal: 'SIGKILL' });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as AdapterInfo | null;
}

let asking: Promise<AdapterInfo | null> | undefined;

function adapterName({ vendor, architecture, description }: AdapterInfo): string {
  return [vendor, architecture, description].filter(Boolean).join(' ');
}

/**
 * WebGPU by Dawn. A software adapter computes correctly but slower than `wasm`, so it is taken only when asked for by name. Where nobody asked, a process of its own looks first whether
 * there is an adapter worth taking.
 */
export const startWebGpu: StartBackend = async ({ asked }) => {
  try {
    if (!asked && !gpu) {
      asking ??= askForAdapter();
      const adapter = await asking.catch((error: { signal?: string }) => {
        throw new BackendError(
          'webgpu',
          `asking for a graphics adapter ended ${error.signal ? `by ${error.signal}` : 'badly'}`,
          ADVICE,
          error,
        );
      });
      requireHardware(adapter);
    }
    const adapter = await (await installWebGpu()).requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new BackendError('webgpu', 'no graphics adapter', ADVICE);
    if (!asked) requireHardware(adapter.info);
    const name = adapterName(adapter.info);
    await import('@tensorflow/tfjs-backend-webgpu');
    if (!(await tf.setBackend('webgpu'))) throw new BackendError('webgpu', `tfjs could not start it on ${name}`, ADVICE);
    return name;
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError('webgpu', reasonOf(error), ADVICE, error);
  }
};

/** Throws BackendError where there is no adapter, or one of software only. */
function requireHardware(adapter: AdapterInfo | null): void {
  if (!adapter) throw new BackendError('webgpu', 'no graphics adapter', ADVICE);
  const name = adapterName(adapter);
  if (adapter.isFallbackAdapter || SOFTWARE.test(name)) {
    throw new BackendError(
      'webgpu',
      `only a software adapter (${name})`,
      'Ask for it by name (--backend webgpu) to test with it.',
    );
  }
}
