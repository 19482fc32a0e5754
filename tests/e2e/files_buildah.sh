#!/bin/sh
# Every form of `files:`, `remove:`, `user:` and `workdir:`, in the tree that goes into an image and in
# what buildah makes of the rendered Dockerfile: the same paths, types, modes, owners and contents.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"

umask 022
base "$work/base"
cd "$work"
mkdir -p context/app/sub context/app/apt context/conf context/deep/er
cd context
mv ../base base
printf 'main\n' >app/main.py
printf '#!/bin/sh\r\necho one\r\necho two' >app/sub/run.sh
chmod 755 app/sub/run.sh
printf 'x' >app/sub/notes.txt
printf 'deb\n' >app/apt/mine.list
ln -s main.py app/link
ln -s /nowhere app/dangling
ln -s app/main.py linked.py
ln -s conf linked-folder
printf 'a=1\r\nb=2\r\n' >conf/a.conf
printf 'c=1\n' >conf/c.conf
printf 'ignored\n' >conf/secret.key
printf 'k\n' >deep/er/kept.log
printf 'k\n' >deep/er/lost.log
printf 'extra line\n' >extra
cat >.dockerignore <<'END'
# what no image needs
**/*.key
**/*.log
!deep/er/kept.log
base
END
cat >ramekin.yaml <<'END'
version: 1
name: files
base: oci:base
stages:
  - files:
      app: /srv/
      app/main.py: /srv/one.py
      linked.py: /opt/
      linked-folder: /opt/conf
      conf/: /etc/
      deep: /logs
      extra: /lib/
      "conf/*.conf": /globbed/
  - files:
      - {src: app, dest: /new/deep/app, owner: "1000:1000"}
      - {src: app/main.py, dest: /own/by/name.py, owner: daemon, mode: 0640}
      - {src: app, dest: /etc, mode: 0750, owner: www-data}
      - {src: app/main.py, dest: /etc/motd}
      - {content: "hello", dest: /etc/hello, mode: 0600, owner: "5"}
      - {content: "one\r\ntwo\r\n", dest: /etc/lines, eol: lf}
      - {link: ../srv, dest: /usr/share/link, owner: "7:8"}
      - {link: /else, dest: /usr/share/link2}
      - {dir: /data/empty, mode: 1777}
      - {dir: /var/cache, owner: "33:33"}
      - {src: app/sub/run.sh, dest: /usr/local/bin/, eol: lf}
      - {src: app/sub/run.sh, dest: /usr/local/bin/other, eol: lf, mode: 0700, owner: "3:4"}
      - {src: app, dest: /cut, exclude: ["*.txt", "sub/run*", apt]}
      - {src: app/, dest: /cut/two/, exclude: ["**/link"], eol: lf, owner: "1000:1000", mode: 0755}
      - {src: app, dest: /usr/local/, exclude: [dangling], owner: "9:9"}
      - {src: "app/[ms]*", dest: /matched/, exclude: [run.sh], owner: "8:8"}
      - {src: "conf/a*", dest: /etc/one-match, eol: lf}
      - {src: "conf/*.conf", dest: /etc/all, append: true, eol: lf}
      - {src: extra, dest: /etc/hello, append: true}
      - {content: more, dest: /etc/issue, append: true}
      - {content: first, dest: /etc/fresh, append: true, mode: 0600, owner: "1:1"}
      - {src: conf/a.conf, dest: /etc/issue.net, append: true, eol: lf}
  - remove: [/usr/share/doc, "/etc/cron*", "/var/lib/[!a]pk*/in*", /srv/app/link, /nothing, "/usr/share/man/*"]
user: {name: app, groups: [staff, extra], shell: /bin/sh}
workdir: /srv/work/dir
END
"$FILES_PRINT" ramekin.yaml >"$work/printed"
ramekin lock
ramekin render -o out
build out files
before=$(image from oci:base)
after=$(image from files)
python3 "$here/files_equal.py" "$(image mount "$before")" "$(image mount "$after")" "$work/printed"
