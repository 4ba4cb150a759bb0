#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon that nobody asks anything uses no CPU, whatever it has learnt before
# from clients that asked one thing after the other (fs/busy_poll.h).
. "$(dirname "$0")/lib.sh"
need taskset
fixture

cpu_time() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${DAEMON[$MNT]}/stat"; }
# How often its threads went to sleep: who never wakes never does.
sleeps() { cat "/proc/${DAEMON[$MNT]}"/task/*/status | awk '/^voluntary_ctxt/ { n += $2 } END { print n }'; }

# Requests without a pause, and changes.
ask() {
  local i
  for i in 1 2 3 4 5; do
    find "$MNT/namespaces" -type f -exec cat {} + >/dev/null || fail 'cannot read all files'
    accept "$MNT/namespaces/app" "ALTER TABLE users ADD COLUMN $1_$i INT"
  done
}

# Nobody else looks at this mount: two seconds without CPU time come soon.
two_idle_seconds() {
  local time
  time=$(cpu_time) woken=$(sleeps)
  sleep 2
  woken=$(($(sleeps) - woken))
  [ "$time" = "$(cpu_time)" ] && [ "$woken" -le 40 ]
}
is_idle() {
  CHECKS=$((CHECKS + 1))
  wait_for 10 two_idle_seconds || fail "it takes CPU time, or was woken $woken times in two seconds: $1"
}

start || finish
ask first
is_idle 'after requests'
stop

# Bound to one CPU it must not keep its clients from that.
WRAPPER="taskset -c $(taskset -cp $$ | sed 's/.*[ ,]//; s/-.*//')"
start || finish
ask second
is_idle 'on one CPU'
finish
