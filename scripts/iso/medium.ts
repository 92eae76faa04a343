import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';

const BIOS_MODULES =
  'iso9660 biosdisk normal configfile linux search search_fs_file all_video serial terminal test echo halt reboot ls part_msdos part_gpt';

export interface MediumNames {
  volumeId: string;
  /** A folder with grub.cfg and efi.cfg. */
  grub: string;
  /** Empty files that mark it. */
  marks: string[];
}

/** Lays GRUB for BIOS and UEFI around what is in `tree` and writes the ISO. */
export async function makeMedium(out: string, tree: string, work: string, names: MediumNames): Promise<void> {
  const grub = join(tree, 'boot', 'grub');
  await mkdir(grub, { recursive: true });
  await mkdir(join(tree, 'EFI'), { recursive: true });
  await mkdir(join(tree, '.disk'), { recursive: true });
  await copyFile(join(names.grub, 'grub.cfg'), join(grub, 'grub.cfg'));
  await writeFile(join(tree, '.disk', 'info'), 'Demo installer of dgxos-maas: Debian, not DGX OS\n');
  for (const mark of names.marks) await writeFile(join(tree, mark), '');

  await $`grub-mkimage --format=i386-pc-eltorito --prefix=/boot/grub --output=${grub}/eltorito.img ${BIOS_MODULES.split(' ')}`;
  const efi = join(work, 'BOOTX64.EFI');
  await $`grub-mkstandalone --format=x86_64-efi --output=${efi} --locales= --fonts= --themes= --install-modules=${`${BIOS_MODULES.replace('biosdisk ', '')} fat efi_gop efi_uga`} boot/grub/grub.cfg=${`${names.grub}/efi.cfg`}`;
  const image = join(tree, 'EFI', 'efiboot.img');
  await $`truncate --size=8M ${image}`;
  await $`mformat -i ${image} -v DEMO_EFI ::`;
  await $`mmd -i ${image} ::/EFI ::/EFI/BOOT`;
  await $`mcopy -i ${image} ${efi} ::/EFI/BOOT/BOOTX64.EFI`;
  // Beside the image too, as on media of the field, where it can be seen what they are for.
  await mkdir(join(tree, 'EFI', 'BOOT'));
  await copyFile(efi, join(tree, 'EFI', 'BOOT', 'BOOTX64.EFI'));

  await $({
    cwd: tree,
  })`find . -type f ! -name md5sum.txt ! -name eltorito.img | sort | xargs md5sum > md5sum.txt`;
  const bios = [
    '-b',
    'boot/grub/eltorito.img',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
    '-boot-info-table',
    '--grub2-boot-info',
  ];
  const uefi = ['-eltorito-alt-boot', '-e', 'EFI/efiboot.img', '-no-emul-boot'];
  await $`xorriso -report_about WARNING -as mkisofs -volid ${names.volumeId} -J -R -o ${out} ${bios} ${uefi} ${tree}`;
}
