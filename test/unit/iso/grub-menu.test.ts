import { expect, test } from 'vitest';
import { grubTitles } from '../../../pipeline/install/iso/grub-menu.ts';
import fc from '../../property.ts';

test('titles of the top level, in order, in every way of quoting', () => {
  const config = `
set default=0   # menuentry "not this" {
if [ "$grub_platform" = pc ]; then insmod serial; serial --unit=0; fi
menuentry "Boot Into Live Environment" --class os {
	linux /vmlinuz boot=live "\${extra}"
	if true; then echo "}" ; fi
}
menuentry 'Install DGX OS 5 "fast"' { linux /vmlinuz }
submenu Advanced\\ options {
  menuentry "inside" { linux /vmlinuz }
}
if [ x = y ]; then
  menuentry "With \\"quotes\\" and \\$dollar" {
    echo \${chosen}
  }
else menuentry $"Übersetzt" { true; }
fi
menuentry Plain{
}
`;
  expect(grubTitles(config)).toEqual([
    'Boot Into Live Environment',
    'Install DGX OS 5 "fast"',
    'Advanced options',
    'With "quotes" and $dollar',
    'Übersetzt',
    'Plain',
  ]);
});

test('any title comes back as it was written', () => {
  const quoted = (title: string) => `"${title.replace(/["\\$]/g, '\\$&')}"`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (titles) => {
      const config = titles.map((t) => `menuentry ${quoted(t)} --id x {\n  linux /v ${quoted(t)}\n}\n`);
      expect(grubTitles(config.join(''))).toEqual(titles);
    }),
  );
});

test('garbage ends without an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}"\'\\$#; \nmenuentry') }), (config) => {
      expect(Array.isArray(grubTitles(config))).toBe(true);
    }),
  );
});
