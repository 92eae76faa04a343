import { alive } from '../../host/process/alive.ts';

/** Milliseconds in which Packer says by itself that the VM has ended, or ends too. */
const PATIENCE_MS = 5000;

/**
 * Watches the VM's process, since Packer does not: a VM that is killed, for want of memory say, would only be noticed by ssh's time-out.
 * Not asked any more once Packer says that it halts the VM, or waits for its end.
 */
export function watchVm(onGone: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const close = () => clearInterval(timer);
  return {
    close,
    /** A line of Packer's debug log. */
    logged(line: string): void {
      const pid = Number(/ Started Qemu\. Pid: (\d+)$/.exec(line)?.[1]);
      if (!pid) return;
      close();
      let goneSince: number | undefined;
      timer = setInterval(() => {
        if (alive(pid)) return;
        goneSince ??= performance.now();
        if (performance.now() - goneSince < PATIENCE_MS) return;
        close();
        onGone();
      }, 500);
    },
    /** A line of Packer's own output. */
    said(line: string): void {
      // Without a communicator it waits for the VM to end, which it then notices by itself.
      if (/\bhalting\b|^(?:==> \S+ )?Waiting for shutdown/i.test(line)) close();
    },
  };
}
