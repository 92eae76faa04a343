/** Run in the place of qemu-system-x86_64: asks for what a machine of a rehearsal asks for, and posts what curtin posts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { event, Node } from './node.ts';

/** The end of this guest, by the file beside the command: `result` of curtin, and the text of its log. */
const { result, log } = JSON.parse(readFileSync(join(process.env.STAND_IN as string, 'guest.json'), 'utf8'));

const argument = (name: string) => process.argv[process.argv.indexOf(name) + 1]!;
const written = readFileSync(argument('-readconfig'), 'utf8');
const preseedUrl = new URL(/cloud-config-url=(\S+)/.exec(written)![1]!.replace('10.0.2.2', '127.0.0.1'));
const preseed = await (await fetch(preseedUrl)).text();
const { datasource, reporting } = parse(preseed);
const { consumer_key, token_key, token_secret, metadata_url } = datasource.MAAS;
const keys = { consumerKey: consumer_key, tokenKey: token_key, tokenSecret: token_secret };
const node = new Node({ origin: preseedUrl.origin }, keys);
const status = new URL(reporting.maas.endpoint).pathname;
const installer = await (await node.signed(`${new URL(metadata_url).pathname}/2012-03-01/user-data`)).text();
await node.signed(status, event('start', 'cmd-install'));
for (const stage of ['early', 'partitioning', 'extract'])
  await node.signed(status, event('start', `cmd-install/stage-${stage}`));
const artifact = /http:\/\/10\.0\.2\.2(:\d+\/images\/[^"\s\\]+)/.exec(installer)![1]!;
await (await fetch(`http://127.0.0.1${artifact}`)).arrayBuffer();
if (result === 'FAIL') await node.signed(status, event('finish', 'cmd-install/stage-extract', { result }));
else await fetch(preseedUrl.origin + preseedUrl.pathname, { method: 'POST', body: 'op=netboot_off' });
const content = Buffer.from(`${log}\n${token_secret}\n`).toString('base64');
const files = [{ path: '/tmp/install.log', encoding: 'base64', content }];
await node.signed(status, event('finish', 'cmd-install', { result, files }));
