import { isNamed, isSetting, type Resolved, type Rows, resolvedName, rowsOf } from './setting.ts';

/** These settings where nothing is configured; those whose default depends on the file or the host are left out. */
export function fixedDefaults<F extends Rows>(rows: F): Resolved<F> {
  const values = rowsOf(rows).map(([name, node]): object => {
    const as = resolvedName(name, node);
    if (isNamed(node)) return { [as]: {} };
    if (!isSetting(node))
      return node.inline ? fixedDefaults(node.fields) : { [as]: fixedDefaults(node.fields) };
    return node.default === undefined || typeof node.default === 'function' ? {} : { [as]: node.default };
  });
  return Object.assign({}, ...values) as Resolved<F>;
}
