// One installation in a process of its own, which a test kills: node child.ts REQUEST-AS-JSON
import { buildInNamespace } from '../../../pipeline/install/namespace/build.ts';

const { signal } = new AbortController();
await buildInNamespace({ ...JSON.parse(process.argv[2] as string), emit() {}, signal });
