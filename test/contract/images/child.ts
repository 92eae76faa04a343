// An upload in a process of its own, so that tests can kill it: node child.ts JSON
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { resolveApiKey } from '../../../pipeline/maas/api/key.ts';
import { uploadImage } from '../../../pipeline/maas/images/upload.ts';
import type { ChildUpload } from './bench.ts';

const { request, tuning } = JSON.parse(process.argv[2] as string) as ChildUpload;
try {
  const result = await uploadImage(
    {
      ...request,
      key: await resolveApiKey(request.target, process.env),
      emit: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
      signal: new AbortController().signal,
      env: process.env,
    },
    tuning,
  );
  process.stdout.write(JSON.stringify(result));
} catch (error) {
  process.stdout.write(JSON.stringify(error instanceof Fault ? error : String(error)));
  process.exitCode = error instanceof Fault ? error.exitCode : 1;
}
