import { Document, type Scalar, visit } from 'yaml';

/**
 * A configuration for an installer as YAML. Installers read it with PyYAML: YAML 1.1, where `no` is a truth value and NEL, LS and PS end a
 * line, and where a character that does not print may only be an escape.
 */
export function installerYaml(comment: string, value: object): string {
  const document = new Document(value, {
    version: '1.1',
    aliasDuplicateObjects: false,
    // Else `<<` is written without quotes, whatever they are asked to be.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:merge'),
  });
  visit(document, {
    Scalar(_key, node: Scalar) {
      if (typeof node.value === 'string' && UNSAFE.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0 }).replace(/^%YAML 1\.1\n---\n/, '');
  return `# ${comment}\n${text.replace(NOT_PLAIN_ALL, escaped)}`;
}

// By now they stand between double quotes alone.
const escaped = (character: string): string =>
  `\\U${(character.codePointAt(0) as number).toString(16).padStart(8, '0')}`;

/** All characters that PyYAML's reader refuses or takes for a line's end, and spaces that nobody sees; without tab and newline. */
const NOT_PLAIN = /[^\t\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff\uf900-\ufefe\uff00-\uffef\u{10000}-\u{10ffff}]/u;
/**
 * Nor a tab in a single line, or before the first character of several: PyYAML takes it for indentation. Nor, in a single line, a
 * beginning as that of a number, a time, `=` or `<<`.
 */
const UNSAFE = new RegExp(`${NOT_PLAIN.source}|^[^\\n]*\\t[^\\n]*$|^[ \\n]*\\t|^[^A-Za-z/\\n][^\\n]*$`, 'u');
const NOT_PLAIN_ALL = new RegExp(NOT_PLAIN.source, 'gu');
