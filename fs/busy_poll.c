/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/busy_poll.h"

#define MISS 2
#define MISSES_MAX 8

static void start_round(struct busy_poll *poll, bool polls, bool is_probe)
{
	poll->polls = polls;
	poll->is_probe = is_probe;
	poll->count = 0;
	poll->sum_ns = 0;
	poll->misses = 0;
}

/* Looking takes CPU time: it must be better by a fifth. */
static bool is_worth_it(uint32_t polled_ns, uint32_t asleep_ns)
{
	return (uint64_t)polled_ns * 5 <= (uint64_t)asleep_ns * 4;
}

/* After a probe: the better way until the next one, which comes later each time. */
static void decide(struct busy_poll *poll, bool polls)
{
	bool is_news = polls == poll->polls;

	if (is_news)
		poll->length = BUSY_POLL_PROBE;
	else if (poll->length < BUSY_POLL_ROUND_MAX)
		poll->length *= 2;
	start_round(poll, polls, false);
}

static void end_round(struct busy_poll *poll)
{
	uint32_t mean = poll->sum_ns / poll->count;

	if (poll->is_probe) {
		decide(poll, poll->polls ? is_worth_it(mean, poll->mean_ns)
					 : is_worth_it(poll->mean_ns, mean));
	} else if (!poll->polls && mean < BUSY_POLL_CHEAP_NS) {
		start_round(poll, false, false);
	} else {
		poll->mean_ns = mean;
		start_round(poll, !poll->polls, true);
	}
}

/* Whether there were too many: the client does other things than to ask. */
static bool look_missed(struct busy_poll *poll, bool missed)
{
	if (missed)
		poll->misses += MISS;
	else
		poll->misses -= poll->misses > 0;
	return poll->misses >= MISSES_MAX;
}

void busy_poll_learn(struct busy_poll *poll, uint64_t gap_ns)
{
	if (!poll->length)
		poll->length = BUSY_POLL_PROBE;
	if (poll->polls && look_missed(poll, gap_ns > BUSY_POLL_NS)) {
		poll->length *= poll->length < BUSY_POLL_ROUND_MAX ? 2 : 1;
		start_round(poll, false, false);
		return;
	}
	if (gap_ns > BUSY_POLL_IDLE_NS)
		return;
	poll->sum_ns += (uint32_t)gap_ns;
	if (++poll->count == (poll->is_probe ? BUSY_POLL_PROBE : poll->length))
		end_round(poll);
}
