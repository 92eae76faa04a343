# Runs in the target, before the user's own packages and commands. Nobody of the installer's stays: no user that it made, no wizard
# that would make one at the first boot.
set -e
awk -F: '$3 >= 1000 && $3 < 60000 && $7 !~ /(nologin|false)$/ { print $1 }' /etc/passwd | while read -r user; do
  userdel --remove --force "$user" || [ $? = 12 ]
  rm -f "/etc/sudoers.d/$user"
done
rm -f /etc/sudoers.d/90-cloud-init-users /var/lib/oem-config/run
rm -f /etc/systemd/system/oem-config* /etc/systemd/system/*.wants/oem-config* /etc/systemd/system/*.requires/oem-config*
case $(readlink /etc/systemd/system/default.target || true) in
  *oem-config*) rm -f /etc/systemd/system/default.target ;;
esac
