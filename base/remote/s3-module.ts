import { messageOf } from '../bytes.ts';
import { CemError } from '../errors.ts';

/** What is used of @aws-sdk/client-s3 3, which an installation may lack: types of our own, so that nothing here needs the package. */
export interface S3Module {
  readonly S3Client: new (settings: Readonly<Record<string, unknown>>) => S3Client;
  readonly GetObjectCommand: new (input: Readonly<Record<string, unknown>>) => object;
  readonly DeleteObjectCommand: new (input: Readonly<Record<string, unknown>>) => object;
}

export interface S3Client {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<S3Answer>;
}

export interface S3Answer {
  readonly ContentRange?: string;
  readonly ContentLength?: number;
  readonly ETag?: string;
  readonly LastModified?: Date;
  readonly Body?: AsyncIterable<Uint8Array>;
}

/** Of @aws-sdk/lib-storage 3. */
export interface S3UploadModule {
  readonly Upload: new (settings: Readonly<Record<string, unknown>>) => { done(): Promise<unknown>; abort(): Promise<void> };
}

/** Not literals, so that neither the compiler nor a bundler looks for them. */
const CLIENT: string = '@aws-sdk/client-s3';
const UPLOAD: string = '@aws-sdk/lib-storage';

/** Loads a package by its name. */
let importPackage: (name: string) => Promise<unknown> = (name) => import(name);
let client: Promise<{ readonly module: S3Module; readonly client: S3Client }> | undefined;

/**
 * One client for all objects: credentials, region and endpoint by the chain of AWS's own tools (environment, `~/.aws`, roles of the machine; `AWS_ENDPOINT_URL_S3` for other stores than AWS').
 *
 * @throws CemError `REMOTE_PACKAGE`
 */
export function s3Client(): Promise<{ readonly module: S3Module; readonly client: S3Client }> {
  client ??= openClient();
  return client;
}

/** @throws CemError `REMOTE_PACKAGE` */
export function s3UploadModule(): Promise<S3UploadModule> {
  return load<S3UploadModule>(UPLOAD);
}

/** Where the packages are loaded from, in place of the installation's own: for tests, which need not install them. */
export function loadS3With(load: (name: string) => Promise<unknown>): void {
  importPackage = load;
  client = undefined;
}

async function openClient(): Promise<{ readonly module: S3Module; readonly client: S3Client }> {
  const module = await load<S3Module>(CLIENT);
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const otherStore = (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
  const settings = {
    // Attempts are ours: see `RemoteFile`.
    maxAttempts: 1,
    followRegionRedirects: true,
    // Stores of others seldom have a host name for each bucket, and no region.
    ...(otherStore && { forcePathStyle: true }),
    ...(otherStore && (AWS_REGION ?? AWS_DEFAULT_REGION) === undefined && { region: 'us-east-1' }),
  };
  return { module, client: new module.S3Client(settings) };
}

async function load<Module>(name: string): Promise<Module> {
  try {
    return (await importPackage(name)) as Module;
  } catch (cause) {
    throw new CemError(
      'REMOTE_PACKAGE',
      `s3:// needs the optional package ${name}, which cannot be loaded (${messageOf(cause)}); run \`npm install @aws-sdk/client-s3@3 @aws-sdk/lib-storage@3\`, or give an https:// address`,
      { details: { package: name }, cause },
    );
  }
}
