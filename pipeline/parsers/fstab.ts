import { type NumberedLine, significantLines } from './lines.ts';

const BUILD_DEVICE =
  /^("?(UUID|PARTUUID|LABEL|PARTLABEL|ID)=|\/dev\/(disk\/|[vsh]d[a-z]|xvd[a-z]|nvme\d|mapper\/|md\d|dm-))/;

/** Lines of fstab(5) that name a disk, partition, UUID or label: those of the machine that built the image. */
export function buildTimeMounts(text: string): NumberedLine[] {
  return significantLines(text).filter(({ text: line }) => BUILD_DEVICE.test(line));
}
