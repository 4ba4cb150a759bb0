#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hardening.sh BUILD : kalamfs and kalamctl have what the Makefile's HARDEN is there for,
# and a program without any of it is noticed.
export LC_ALL=C

# The lines of what PROGRAM lacks.
lacks() { # PROGRAM
  readelf -hW "$1" | grep -q 'Type: *DYN' || echo 'position independence'
  readelf -dW "$1" | grep -qw PIE || echo 'PIE among its flags'
  readelf -lW "$1" | grep -q GNU_RELRO || echo 'relocations made read-only'
  readelf -dW "$1" | grep -q BIND_NOW || echo 'all relocations at its start'
  readelf -lW "$1" | grep -q 'GNU_STACK.* RW ' || echo 'a stack without code'
  readelf --dyn-syms -W "$1" | grep -q '__stack_chk_fail' || echo 'stack protection'
  readelf --dyn-syms -W "$1" | grep -q '_chk@' || echo '_FORTIFY_SOURCE'
  case $(uname -m) in
  x86_64)
    objdump -d --disassemble=main "$1" | grep -q endbr64 || echo 'control flow protection'
    objdump -d "$1" | grep -qE 'or[ql] +\$0x0,\(%rsp\)|sub +\$0x1000,%rsp' || echo 'protection from stack clashes'
    ;;
  esac
}

bad=0
for program in kalamfs kalamctl; do
  lacking=$(lacks "$1/$program")
  [ -z "$lacking" ] || { printf '%s lacks:\n%s\n' "$program" "$lacking"; bad=1; }
done

bare=$(mktemp -d)
trap 'rm -rf "$bare"' EXIT
cat >"$bare/bare.c" <<'END'
#include <stdio.h>
int main(int argc, char **argv)
{
	char text[9000];

	sprintf(text, "%s", argv[argc - 1]);
	return puts(text) < 0;
}
END
${CC:-gcc} -O1 -fcf-protection=none -fno-stack-protector -fno-stack-clash-protection -U_FORTIFY_SOURCE \
  -fno-pie -no-pie -Wl,-z,norelro,-z,lazy,-z,execstack -w -o "$bare/bare" "$bare/bare.c"
lacks "$bare/bare" >"$bare/found"
wanted=7
[ "$(uname -m)" != x86_64 ] || wanted=9
[ "$(wc -l <"$bare/found")" -eq $wanted ] || {
  echo 'a program without protection passes for one with:'
  cat "$bare/found"
  bad=1
}
exit $bad
