"""Builds the Go peer and installs nginx, if there is a checkout of the peers beside this checkout."""
import os, pathlib, subprocess

from .processes import ROOT, sh

FOLDER = pathlib.Path(os.environ.get("PEERS") or ROOT.parent / "shared/peers")
GO = ROOT / ".run/bench/peer"
MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_http_lua_module.so")


def prepare(with_nginx):
    """Returns whether there are peers. They are ready to be started then."""
    if not FOLDER.exists():
        return False
    sources = max(path.stat().st_mtime for path in (FOLDER / "go").iterdir())
    if not GO.exists() or GO.stat().st_mtime < sources:
        GO.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([FOLDER / "go/build", GO], check=True, stdout=subprocess.DEVNULL)
    if with_nginx and not MODULE.exists():
        install_nginx()
    return True


def install_nginx():
    """The package starts nginx on port 80, unless a policy forbids it (invoke-rc.d)."""
    sh("""policy=/usr/sbin/policy-rc.d
        if [[ ! -e $policy ]]; then trap 'rm -f $policy' EXIT; printf '#!/bin/sh\\nexit 101\\n' >$policy; chmod +x $policy; fi
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
          nginx libnginx-mod-http-lua lua-nginx-redis >/dev/null
        if command -v systemctl >/dev/null; then systemctl disable nginx >/dev/null 2>&1 || true; fi""")
