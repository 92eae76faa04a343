import { aptProxies } from '../../parsers/apt-conf.ts';
import { parseDeb822Sources, parseSourcesList, unusableSource } from '../../parsers/apt-sources.ts';
import { significantLines } from '../../parsers/lines.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { shown } from '../names.ts';

const LIST = /^etc\/apt\/(?:sources\.list|sources\.list\.d\/[^/]+\.list)$/;
const DEB822 = /^etc\/apt\/sources\.list\.d\/[^/]+\.sources$/;
const CONF = /^etc\/apt\/(?:apt\.conf|apt\.conf\.d\/[^/]+)$/;
const ENVIRONMENT = /^etc\/(?:environment|profile\.d\/[^/]+\.sh|wgetrc)$/;

/** Where packages will come from, and by which proxy. A proxy's password is not kept. */
export function aptCollector(): Collector<ImageFacts['apt']> {
  const bad: ImageFacts['apt']['bad'] = [];
  const proxies: ImageFacts['apt']['proxies'] = [];
  let sources = 0;
  return {
    wants: (path) =>
      LIST.test(path) || DEB822.test(path) || CONF.test(path) || ENVIRONMENT.test(path) ? 1 << 20 : 0,
    content(path, bytes) {
      const text = bytes.toString();
      const file = `/${shown(path)}`;
      if (LIST.test(path) || DEB822.test(path)) {
        for (const source of LIST.test(path) ? parseSourcesList(text) : parseDeb822Sources(text)) {
          sources += 1;
          const reason = unusableSource(source);
          if (reason) bad.push({ file, line: source.line, text: withoutPassword(source.text), reason });
        }
      } else
        for (const { line, text: setting } of CONF.test(path) ? aptProxies(text) : environmentProxies(text))
          proxies.push({ file, line, text: withoutPassword(setting) });
    },
    finish: () => ({ bad, sources, proxies }),
  };
}

function environmentProxies(text: string): { line: number; text: string }[] {
  return significantLines(text).filter((l) =>
    /^(?:export\s+)?(?:https?|ftp|all)_proxy\s*=\s*["']?[^\s"']/i.test(l.text),
  );
}

function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/g, '://***@').slice(0, 200);
}
