import glob
import os
import re

from curtin import AT_LEAST_24, VERSION
from curtin.log import LOG
from curtin.reporter import report
from curtin.util import ChrootableTarget, which

KDUMP = "/usr/share/kdump-tools/kdump_set_default"


def in_target(target, *argv):
    with ChrootableTarget(target) as chroot:
        return chroot.subp(list(argv))


def install(target, package):
    in_target(target, "apt-get", "update")
    in_target(target, "apt-get", "install", package)


def install_kernel(cfg, target):
    kernel = cfg.get("kernel", {})
    if kernel is None:
        if AT_LEAST_24:
            return
        raise AttributeError("'NoneType' object has no attribute 'get'")
    if VERSION == "24.1" and not kernel.get("install", True):
        return
    package = kernel.get("package") or kernel.get("fallback-package", "linux-generic")
    if package:
        install(target, package)


def update_initramfs(target=None, all_kernels=False):
    if AT_LEAST_24 and not which("update-initramfs", target=target):
        if which("dracut", target=target):
            return
        raise RuntimeError("cannot update the initramfs")
    for kernel in sorted(glob.glob(target + "/boot/vmlinu*-*")):
        version = os.path.basename(kernel).split("-", 1)[1]
        mode = "-u" if os.path.exists(target + "/boot/initrd.img-" + version) else "-c"
        in_target(target, "update-initramfs", mode, "-k", version)


def configure_kernel_crash_dumps(cfg, target):
    enabled = cfg.get("kernel-crash-dumps", {}).get("enabled")
    there = os.path.exists(target + KDUMP)
    if enabled is False:
        if " kdump-tools " in in_target(target, "dpkg-query", "--list"):
            in_target(target, KDUMP, "false")
    elif enabled or there:
        if not there:
            LOG.warning("kernel-crash-dumps enablement script not found")
        else:
            in_target(target, KDUMP, *(["true"] if enabled else []))


def reconfigure_kernel(target):
    # Only what provides exactly `linux-image`: neither `linux-image-amd64` nor `linux-image (= 6.8)`.
    answer = in_target(target, "dpkg-query", "--show", "--showformat=${Package}/${db:Status-Abbrev}/${Provides}\n")
    for package in re.findall(r"^([^/]+)/ii /(?:.*, )?linux-image(?:,.*)?$", answer, re.MULTILINE):
        in_target(target, "dpkg-reconfigure", "--frontend=noninteractive", package)


def builtin_curthooks(cfg, target, state):
    prefix = state["report_stack_prefix"]
    report("start: %s/installing-kernel" % prefix)
    install_kernel(cfg, target)
    report("finish: %s/installing-kernel" % prefix)
    if cfg.get("system_upgrade", {}).get("enabled"):
        in_target(target, "apt-get", "dist-upgrade")
    if VERSION != "21.2":
        configure_kernel_crash_dumps(cfg, target)
    if AT_LEAST_24:
        reconfigure_kernel(target)
    else:
        update_initramfs(target, all_kernels=True)
    in_target(target, "update-grub")
