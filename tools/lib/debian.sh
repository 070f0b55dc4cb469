# SPDX-License-Identifier: MIT
# Sourced by tools/setup and tools/bare-check.

# The machine's Debian mirror, as apt itself understands its sources of either format. Fails where there is none.
debian_mirror() {
    local release mirror
    release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}")
    [ -n "$release" ] || return 1
    mirror=$(apt-get --print-uris update 2> /dev/null |
        sed -n "s,^'\(.*\)/dists/$release/InRelease' .*,\1,p" | head -n 1)
    [ -n "$mirror" ] && echo "$mirror"
}
