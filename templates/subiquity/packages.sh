# Runs in the target. The medium's own preseed has put the platform's packages in the place of the token.
set -e
umask 022
case 'CHANGE_INSTALL_PKGS' in
  CHANGE_*)
    echo 'the installer of this medium did not say which packages the platform needs' >&2
    exit 1
    ;;
esac
export DEBIAN_FRONTEND=noninteractive RUN_FW_UPDATER=no
# The medium alone, so that two builds from it install the same.
medium='-o Dir::Etc::SourceList=/etc/apt/sources.list.d/build-medium.list -o Dir::Etc::SourceParts=/dev/null'
apt-get $medium update
apt-get $medium -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-install-recommends CHANGE_INSTALL_PKGS
apt-get -y purge unattended-upgrades
if [ -f /etc/update-manager/release-upgrades ]; then sed -i 's/^Prompt=.*/Prompt=never/' /etc/update-manager/release-upgrades; fi
