/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPS_MAX 16

/* Read in a signal handler: begin is set last, and 0 is nothing. */
struct map {
	_Atomic uintptr_t begin, end;
	atomic_bool *_Atomic hit;
};

static struct map maps[MAPS_MAX];
static pthread_mutex_t maps_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before_bus, before_segv;
static long page_size;
static _Thread_local struct guard *current;

void guard_push(struct guard *guard, bool reads_only)
{
	guard->outer = current;
	guard->reads_only = reads_only;
	current = guard;
}

void guard_pop(struct guard *guard)
{
	current = guard->outer;
}

void guard_escape(void)
{
	if (current)
		siglongjmp(current->at, 1);
}

static const struct map *map_of(uintptr_t address)
{
	for (unsigned i = 0; i < MAPS_MAX; i++) {
		uintptr_t begin = atomic_load(&maps[i].begin);

		if (begin && address >= begin && address < atomic_load(&maps[i].end))
			return &maps[i];
	}
	return NULL;
}

/* Whoever reads there goes on, with zeroes. */
static bool put_zeroes(const struct map *map, uintptr_t address)
{
	void *page = (void *)(address & ~((uintptr_t)page_size - 1)), *got;
	size_t size = (size_t)page_size;
	int saved = errno;
	bool done;

	/* cppcheck-suppress invalidFunctionArg; there is no file */
	got = mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	done = got != MAP_FAILED;
	errno = saved;
	if (done)
		atomic_store(atomic_load(&map->hit), true);
	return done;
}

/* A fault that is none of ours: as if this handler were not there. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	const struct sigaction *before = number == SIGBUS ? &before_bus : &before_segv;

	if (before->sa_flags & SA_SIGINFO) {
		before->sa_sigaction(number, info, context);
	} else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
		before->sa_handler(number);
	} else {	/* and the instruction that is tried again ends the process */
		sigaction(number, before, NULL);
		if (info->si_code <= 0)
			raise(number);
	}
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	bool is_fault = info->si_code > 0;	/* and not sent by somebody */
	const struct map *map = is_fault ? map_of(address) : NULL;

	if (is_fault && current && (map || current->reads_only))
		siglongjmp(current->at, 1);
	if (map && number == SIGBUS && put_zeroes(map, address))
		return;
	pass_on(number, info, context);
}

/*
 * Again where somebody else has put his own in front.  Nothing is blocked meanwhile:
 * who is left behind by a jump has no mask to restore.
 */
static void install(int number, struct sigaction *before)
{
	struct sigaction now, action = {
		.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK
	};

	if (sigaction(number, NULL, &now) ||
	    (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_fault))
		return;
	sigemptyset(&action.sa_mask);
	*before = now;
	sigaction(number, &action, NULL);
}

bool guard_map(const void *at, size_t len, atomic_bool *hit)
{
	bool found = false;

	pthread_mutex_lock(&maps_mutex);
	page_size = sysconf(_SC_PAGESIZE);
	install(SIGBUS, &before_bus);
	install(SIGSEGV, &before_segv);
	for (unsigned i = 0; !found && i < MAPS_MAX; i++) {
		if (atomic_load(&maps[i].begin))
			continue;
		atomic_store(&maps[i].hit, hit);
		atomic_store(&maps[i].end, (uintptr_t)at + len);
		atomic_store(&maps[i].begin, (uintptr_t)at);
		found = true;
	}
	pthread_mutex_unlock(&maps_mutex);
	return found;
}

void guard_unmap(const void *at)
{
	pthread_mutex_lock(&maps_mutex);
	for (unsigned i = 0; at && i < MAPS_MAX; i++)
		if (atomic_load(&maps[i].begin) == (uintptr_t)at)
			atomic_store(&maps[i].begin, 0);
	pthread_mutex_unlock(&maps_mutex);
}
