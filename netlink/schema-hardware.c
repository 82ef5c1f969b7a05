/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of Device.X_ESPALIER_Hardware.: what the kernel module tells of CPUs and of the system. */
#include "netlink/schema.h"

#define NUMBER(at, text, words)                                                                                        \
	[at] = {.name = (text),                                                                                        \
		.type = ESPALIER_UNSIGNED_LONG,                                                                        \
		.flags = ESPALIER_NOTIFY_CAN_DENY,                                                                     \
		.description = (words)}
#define TIME(at, text, words) NUMBER(at, text, words " in microseconds.")

static const char *const states[] = {"Enabled", "Disabled", NULL};

const char *const schema_hardware_events[] = {"Cycles", "Instructions", "CacheMisses", "BranchMisses", NULL};

const struct espalier_parameter schema_hardware[] = {
	[HARDWARE_STATUS] = {.name = "Status",
			     .type = ESPALIER_STRING,
			     .reserve = 8,
			     .enumeration = states,
			     .description = "Enabled while the kernel module espalier_counters is loaded and in use."},
	[HARDWARE_CPU_ENTRIES] = {.name = "CPUNumberOfEntries",
				  .type = ESPALIER_UNSIGNED_INT,
				  .description = "Rows of CPU."},
	{.name = NULL},
};

const struct espalier_parameter schema_hardware_system[] = {
	NUMBER(SYSTEM_LOAD_1, "Load1", "Hundredths of processes that ran or wanted to, in the last minute."),
	NUMBER(SYSTEM_LOAD_5, "Load5", "The same in five minutes."),
	NUMBER(SYSTEM_LOAD_15, "Load15", "The same in fifteen minutes."),
	NUMBER(SYSTEM_CPUS_ONLINE, "CPUsOnline", "CPUs that are in use."),
	NUMBER(SYSTEM_MEMORY_TOTAL, "MemoryTotal", "Memory that the kernel manages, in bytes."),
	NUMBER(SYSTEM_MEMORY_FREE, "MemoryFree", "Memory that nobody uses, in bytes."),
	NUMBER(SYSTEM_MEMORY_AVAILABLE, "MemoryAvailable", "Memory that programs could get, in bytes."),
	NUMBER(SYSTEM_MEMORY_SHARED, "MemoryShared", "Memory shared by programs, files on tmpfs among it, in bytes."),
	NUMBER(SYSTEM_MEMORY_BUFFERS, "MemoryBuffers", "Memory that buffers block devices, in bytes."),
	NUMBER(SYSTEM_BACKLOG_PROCESSED, "BacklogProcessed", "Packets that the CPUs took from devices."),
	NUMBER(SYSTEM_BACKLOG_DROPPED, "BacklogDropped", "Packets dropped since a CPU's backlog was full."),
	NUMBER(SYSTEM_TIME_SQUEEZE, "TimeSqueeze", "How often a CPU had to stop taking packets with more to come."),
	NUMBER(SYSTEM_SAMPLINGS, "Samplings", "How often the module has sampled all of this."),
	NUMBER(SYSTEM_SAMPLING_TIME, "SamplingTime", "How long the last sampling took, in nanoseconds."),
	{.name = NULL},
};

const struct espalier_parameter schema_hardware_cpu[] = {
	[CPU_NUMBER] = {.name = "Number", .type = ESPALIER_UNSIGNED_INT, .description = "The kernel's number of it."},
	[CPU_ONLINE] = {.name = "Online", .type = ESPALIER_BOOLEAN, .description = "Whether it is in use."},
	[CPU_UNAVAILABLE] = {.name = "Unavailable",
			     .type = ESPALIER_STRING,
			     .flags = ESPALIER_LIST,
			     .reserve = 48,
			     .enumeration = schema_hardware_events,
			     .description = "Which of the last four this CPU, or this virtual machine, can't count."},
	NUMBER(CPU_INTERRUPTS, "Interrupts", "Device interrupts."),
	NUMBER(CPU_SOFTIRQS, "SoftInterruptsHigh", "Soft interrupts: tasklets of high priority."),
	NUMBER(CPU_SOFTIRQS + 1, "SoftInterruptsTimer", "Soft interrupts: timers."),
	NUMBER(CPU_SOFTIRQS + 2, "SoftInterruptsTransmit", "Soft interrupts: packets sent."),
	NUMBER(CPU_SOFTIRQS + 3, "SoftInterruptsReceive", "Soft interrupts: packets received."),
	NUMBER(CPU_SOFTIRQS + 4, "SoftInterruptsBlock", "Soft interrupts: block devices."),
	NUMBER(CPU_SOFTIRQS + 5, "SoftInterruptsPoll", "Soft interrupts: block devices that are polled."),
	NUMBER(CPU_SOFTIRQS + 6, "SoftInterruptsTasklet", "Soft interrupts: tasklets."),
	NUMBER(CPU_SOFTIRQS + 7, "SoftInterruptsSchedule", "Soft interrupts: balance between CPUs."),
	NUMBER(CPU_SOFTIRQS + 8, "SoftInterruptsHighResolutionTimer", "Soft interrupts: high resolution timers."),
	NUMBER(CPU_SOFTIRQS + 9, "SoftInterruptsRCU", "Soft interrupts: what waited for all readers."),
	TIME(CPU_USER, "UserTime", "Time in programs,"),
	TIME(CPU_NICE, "NiceTime", "Time in programs of low priority,"),
	TIME(CPU_SYSTEM, "SystemTime", "Time in the kernel,"),
	TIME(CPU_IDLE, "IdleTime", "Time without work,"),
	TIME(CPU_IOWAIT, "IOWaitTime", "Time without work while a program waited for a device,"),
	TIME(CPU_IRQ, "InterruptTime", "Time in device interrupts,"),
	TIME(CPU_SOFTIRQ, "SoftInterruptTime", "Time in soft interrupts,"),
	TIME(CPU_STEAL, "StealTime", "Time that the host gave to other machines,"),
	NUMBER(CPU_BACKLOG_PROCESSED, "BacklogProcessed", "Packets that it took from devices."),
	NUMBER(CPU_BACKLOG_DROPPED, "BacklogDropped", "Packets dropped since its backlog was full."),
	NUMBER(CPU_TIME_SQUEEZE, "TimeSqueeze", "How often it had to stop taking packets with more to come."),
	NUMBER(CPU_EVENTS, "Cycles", "Clock cycles in which it worked."),
	NUMBER(CPU_EVENTS + 1, "Instructions", "Instructions that it has finished."),
	NUMBER(CPU_EVENTS + 2, "CacheMisses", "Accesses that no cache could serve."),
	NUMBER(CPU_EVENTS + 3, "BranchMisses", "Branches that went another way than foreseen."),
	{.name = NULL},
};
