// Run by worker-hosts.long.test.ts on machines of its own: `cem` with the packages of S3, which an installation need not have.
import { useS3Packages } from '../../fixtures/object-store.ts';

useS3Packages();
await import('../../../cli/main.ts');
