import { statSync } from 'node:fs';
import { CemError, UsageError } from '../../../../base/index.ts';
import { BackendError, reasonOf } from '../../contract/backend.ts';
import { type Handle, loadPjrtAddon, XLA_ADVICE } from './addon.ts';
import { type CompilerSettings, compileOptions } from './compile-options.ts';
import { codeOfType, type ElementType, type HostArray, requireHostArray } from './element-type.ts';
import { PjrtBuffer } from './pjrt-buffer.ts';
import { PjrtExecutable } from './pjrt-executable.ts';
import { PjrtSession } from './pjrt-session.ts';
import { pluginError } from './plugin-error.ts';
import { missingDriver, missingLibraries, pluginKind } from './vendor-libraries.ts';

/** A plugin's file and what it is started with. */
export interface PjrtPlugin {
  readonly path: string;
  /** Options of the client by name; which there are depends on the plugin. */
  readonly options?: Readonly<Record<string, ClientOption>>;
  /** Settings of XLA for each program that is compiled. */
  readonly settings?: CompilerSettings;
}

/** `{ float }` for a fraction, since an option has one type whatever its value. */
export type ClientOption = string | number | boolean | { readonly float: number };

export interface PjrtDevice {
  readonly id: number;
  /** E.g. `cpu` or `NVIDIA H200`. */
  readonly kind: string;
  readonly description: string;
}

export interface CompileRequest {
  readonly partitions?: number;
  readonly replicas?: number;
}

/** PJRT_NamedValue_Type of the plugin interface. */
function encodeOption(name: string, value: ClientOption): (string | number | boolean)[] {
  if (typeof value === 'string') return [name, 0, value];
  if (typeof value === 'number') return [name, 1, value];
  if (typeof value === 'boolean') return [name, 4, value];
  return [name, 3, value.float];
}

/** Devices of one plugin: uploads, compiles and frees. Several may be open at once. */
export class PjrtClient {
  /** E.g. `cpu`, `cuda`, `rocm`. */
  readonly platform: string;
  /** Of the plugin interface, e.g. `0.106`. */
  readonly apiVersion: string;
  readonly platformVersion: string;
  readonly devices: readonly PjrtDevice[];
  /** What compiled programs depend on besides the device: the plugin's file (size and time of its last change), versions, settings. */
  readonly identity: string;
  readonly #handles: readonly Handle[];
  readonly #session: PjrtSession;
  readonly #settings: CompilerSettings;
  readonly #device: number;

  private constructor(session: PjrtSession, plugin: PjrtPlugin, apiVersion: string, device: number) {
    const [platform, platformVersion, ...facts] = session.addon.describeClient(session.table, session.client);
    const devices: PjrtDevice[] = [];
    const handles: Handle[] = [];
    for (let next = 0; next < facts.length; next += 4) {
      const [handle, id, kind, description] = facts.slice(next, next + 4);
      handles.push(Number(handle));
      devices.push({ id: Number(id), kind: String(kind), description: String(description) });
    }
    this.platform = String(platform);
    this.platformVersion = String(platformVersion);
    this.apiVersion = apiVersion;
    this.devices = devices;
    this.#handles = handles;
    this.#session = session;
    this.#settings = plugin.settings ?? {};
    const { size, mtimeMs } = statSync(plugin.path);
    this.identity = [platform, platformVersion, apiVersion, size, mtimeMs, JSON.stringify(this.#settings)].join(' ');
    this.#device = device;
  }

  /**
   * Loads the plugin (it stays in the process) and starts a client of it.
   *
   * @param device index of the device that programs of one device and uploads take; `CEM_XLA_DEVICE`, else the first
   *
   * Throws BackendError where the plugin or its libraries do not work, UsageError `XLA_DEVICE` where there is no such device.
   */
  static open(plugin: PjrtPlugin, device: number = Number(process.env['CEM_XLA_DEVICE'] ?? 0)): PjrtClient {
    const addon = loadPjrtAddon();
    const lacking = pluginKind(plugin.path) === 'cuda' ? missingDriver() : undefined;
    if (lacking !== undefined) throw new BackendError('xla', `${plugin.path}: ${lacking}`, XLA_ADVICE);
    // Read by XLA's log: 3 leaves what ends the process. Errors come to us anyway, and a program that is loaded again warns of every preference of the compiler that is no feature of the processor.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
    let client: PjrtClient;
    try {
      const [table, major, minor] = addon.open(plugin.path);
      const options = Object.entries(plugin.options ?? {}).flatMap(([name, value]) => encodeOption(name, value));
      const session = new PjrtSession(addon, table, addon.createClient(table, options));
      client = new PjrtClient(session, plugin, `${major}.${minor}`, device);
    } catch (error) {
      const missing = missingLibraries(plugin.path);
      const more = missing.length > 0 ? `; libraries that it looks for are missing: ${missing.join(', ')}` : '';
      throw new BackendError('xla', `${plugin.path}: ${reasonOf(error)}${more}`, XLA_ADVICE, error);
    }
    if (client.devices[device] === undefined) {
      const { length } = client.devices;
      client.close();
      throw new UsageError(
        'XLA_DEVICE',
        `CEM_XLA_DEVICE is the index of a device, 0 to ${length - 1} of ${plugin.path}; got ${JSON.stringify(process.env['CEM_XLA_DEVICE'] ?? device)}.`,
      );
    }
    return client;
  }

  /** The device that programs of one device and uploads take. */
  get device(): PjrtDevice {
    return this.devices[this.#device]!;
  }

  /** Buffers that are alive. */
  get liveBuffers(): number {
    return this.#session.buffers.size;
  }

  /** Throws UsageError `XLA_DEVICES` unless a program can be computed by so many devices, which are the first ones. */
  requireDevices(count: number): void {
    if (!(count <= this.devices.length))
      throw new UsageError(
        'XLA_DEVICES',
        `a program was asked for that ${count} devices compute, and there are ${this.devices.length}.`,
      );
    if (this.#device !== 0)
      throw new UsageError(
        'XLA_DEVICES',
        `a program of ${count} devices is computed by the first ones: leave out CEM_XLA_DEVICE, which names device ${this.#device} alone.`,
      );
  }

  /** Compiles StableHLO text. Throws CemError `XLA_COMPILE` with the plugin's message. */
  compile(program: string, { partitions = 1, replicas = 1 }: CompileRequest = {}): PjrtExecutable {
    const session = this.#alive('compile');
    const count = partitions * replicas;
    if (count !== 1) this.requireDevices(count);
    const devices = count === 1 ? [this.device] : this.devices.slice(0, count);
    const options = compileOptions({ replicas, partitions, devices: devices.map(({ id }) => id), settings: this.#settings });
    let handle: Handle;
    try {
      handle = session.addon.compile(session.table, session.client, Buffer.from(program, 'utf8'), options);
    } catch (error) {
      throw pluginError('XLA_COMPILE', 'compiling a program', error);
    }
    return new PjrtExecutable(session, handle);
  }

  /** A program from `serialize`. Throws CemError `XLA_EXECUTABLE` where the plugin refuses it. */
  load(serialized: Uint8Array): PjrtExecutable {
    const session = this.#alive('load');
    let handle: Handle;
    try {
      handle = session.addon.load(session.table, session.client, serialized);
    } catch (error) {
      throw pluginError('XLA_EXECUTABLE', 'loading a serialized program', error);
    }
    return new PjrtExecutable(session, handle);
  }

  /**
   * Copies a tensor to a device; the data may change afterwards. Throws CemError `XLA_SHAPE` where it is not of that type and shape, `XLA_MEMORY` where the device is full.
   *
   * @param device index among `devices`
   */
  upload(data: HostArray, type: ElementType, shape: readonly number[], device: number = this.#device): PjrtBuffer {
    const session = this.#alive('upload');
    requireHostArray(data, type, shape);
    const handle = this.#handles[device];
    if (handle === undefined)
      throw new UsageError('XLA_DEVICE', `there is no device ${device}: there are ${this.devices.length}.`);
    try {
      const { addon, table, client } = session;
      return new PjrtBuffer(
        session,
        addon.upload(table, client, handle, data, codeOfType(type), Float64Array.from(shape)),
        type,
        shape,
      );
    } catch (error) {
      throw pluginError('XLA_UPLOAD', 'copying a tensor to the device', error);
    }
  }

  /** Bytes of the device's memory that are in use, and how many there may be; undefined where the plugin does not say. */
  memory(): { readonly used: number; readonly limit?: number } | undefined {
    const { addon, table } = this.#alive('memory');
    try {
      const [used, limit] = addon.deviceMemory(table, this.#handles[this.#device]!);
      return limit < 0 ? { used } : { used, limit };
    } catch {
      return undefined;
    }
  }

  /** Frees all buffers and programs, and the client; again does nothing. */
  close(): void {
    this.#session.close();
  }

  #alive(doing: string): PjrtSession {
    if (this.#session.isClosed) throw new CemError('XLA_DISPOSED', `${doing} was asked of a client that is closed.`);
    return this.#session;
  }
}
