/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libespalier: publish a program's own parameters in the shared tree, and read everybody's.
 *
 * A program that publishes ("writer", "owner") has one segment: a file on tmpfs that it alone writes. It declares
 * objects with their parameters, fills rows, publishes the segment, and serves requests (set, add, delete, operate)
 * that arrive on its socket. A reader maps all segments of the run folder read-only and sees one tree.
 *
 * No function uses a global lock or a thread. A writer or a reader belongs to one thread at a time; different ones are
 * independent. Functions return 0 or a positive result, or -errno. The library never writes to standard error.
 * It installs a SIGBUS handler when it maps the first segment: a segment that somebody truncates then reads as zeros
 * (and is reported as -ESTALE) instead of ending the process; other SIGBUS causes go to the handler set before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "espalier-row.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ESPALIER_API __attribute__((visibility("default")))

/** Bounds that both sides keep to. */
enum espalier_bounds {
	ESPALIER_PATH_MAXIMUM = 256,	   /* characters of a full parameter path (TR-106) */
	ESPALIER_NAME_MAXIMUM = 64,	   /* characters of a segment's name, one path component of the run folder */
	ESPALIER_VALUE_MAXIMUM = 65535,	   /* bytes of one value's text */
	ESPALIER_PARAMETERS_MAXIMUM = 512, /* parameters of one object */
	ESPALIER_OBJECTS_MAXIMUM = 4096,   /* objects of one segment */
	ESPALIER_DEPTH_MAXIMUM = 16,	   /* instance numbers in one path */
	ESPALIER_SEGMENTS_MAXIMUM = 64,	   /* segments that one reader maps */
	ESPALIER_CHANGES_MAXIMUM = 65536,  /* entries of one set request */
};

/** The data types of TR-106. int and unsignedInt have 32 bits, long and unsignedLong 64. */
enum espalier_type {
	ESPALIER_STRING = 1,
	ESPALIER_INT,
	ESPALIER_UNSIGNED_INT,
	ESPALIER_LONG,
	ESPALIER_UNSIGNED_LONG,
	ESPALIER_BOOLEAN,
	ESPALIER_DATE_TIME, /* ISO 8601 text */
	ESPALIER_BASE64,    /* its text */
	ESPALIER_HEX_BINARY,
	ESPALIER_DECIMAL,
};

/** What is true of a parameter (or, where marked, an object). */
enum espalier_flags {
	ESPALIER_WRITABLE = 1 << 0,	    /* can be set by request; an object: instances can be added and deleted */
	ESPALIER_LIST = 1 << 1,		    /* comma-separated list of items of the type, in a string */
	ESPALIER_HIDDEN = 1 << 2,	    /* a secret: always reads as empty; its value never enters the segment */
	ESPALIER_COMMAND = 1 << 3,	    /* writing it triggers an action; reads as false or empty */
	ESPALIER_UNIQUE_KEY = 1 << 4,	    /* unique within its table */
	ESPALIER_REFERENCE = 1 << 5,	    /* a path reference, weak */
	ESPALIER_STRONG_REFERENCE = 1 << 6, /* a path reference that becomes empty when its row goes */
	ESPALIER_NOTIFY_FORCED = 1 << 7,    /* active notification always on (TR-106 forceEnabled) */
	ESPALIER_NOTIFY_DEFAULT = 1 << 8,   /* active notification on unless turned off (forceDefaultEnabled) */
	ESPALIER_NOTIFY_CAN_DENY = 1 << 9,  /* active notification may be refused (canDeny) */
	ESPALIER_CREATABLE = 1 << 10,	    /* object: instances can be added only (set by WRITABLE too) */
	ESPALIER_DELETABLE = 1 << 11,	    /* object: instances can be deleted only (set by WRITABLE too) */
	ESPALIER_OPERATION = 1 << 12,	    /* object: no row, but a command: see struct espalier_object */
};

/** The command by which every owner is told to go back to factory values; one that has none answers with a fault. */
#define ESPALIER_FACTORY_RESET "Device.FactoryReset()"

/** Answers of an owner to a request. The numbers are those of the Broadband Forum's fault tables. */
enum espalier_fault {
	ESPALIER_OK = 0,
	ESPALIER_PENDING = 1, /* from a callback: the answer follows by espalier_answer() */
	ESPALIER_FAULT_DENIED = 9001,
	ESPALIER_FAULT_INTERNAL = 9002,
	ESPALIER_FAULT_ARGUMENTS = 9003,
	ESPALIER_FAULT_RESOURCES = 9004,
	ESPALIER_FAULT_NAME = 9005,
	ESPALIER_FAULT_TYPE = 9006,
	ESPALIER_FAULT_VALUE = 9007,
	ESPALIER_FAULT_READ_ONLY = 9008,
	ESPALIER_FAULT_OWN_FIRST = 9800, /* to ESPALIER_FAULT_OWN_LAST: what an owner says of its operations */
	ESPALIER_FAULT_OWN_LAST = 9899,
};

/* ---- Schema ------------------------------------------------------------------------------------------------- */

/** One parameter of an object. Everything but name and type may be left zero. */
struct espalier_parameter {
	const char *name; /* the last component, e.g. "BytesSent"; NULL ends an array */
	enum espalier_type type;
	uint32_t flags;		 /* enum espalier_flags */
	uint32_t maximum_length; /* text types: characters (an item's, for a list); 0: no limit but the library's */
	uint32_t reserve;	 /* text types: bytes kept inside the row, 0: chosen; longer values move out of it */
	const char *range;	 /* numbers: "low:high" pairs by commas, ends may be left out: "-1,1:65535" */
	const char *items;	 /* lists: count of items, same form */
	const char *const *enumeration; /* NULL-terminated, or NULL */
	const char *description;
};

/**
 * One object. Its instances are rows: all parameters of one row change together or not at all.
 *
 * With ESPALIER_OPERATION it is a command that managers can find and call: "Device.X_EXAMPLE_Blink." declares the
 * command "Device.X_EXAMPLE_Blink()". Its writable parameters are the command's arguments, each of which may be left
 * out, and the others its results. Such an object has no rows and no {i} in its path.
 */
struct espalier_object {
	const char *path; /* "Device.Ethernet.Interface.{i}.", ends in a dot; NULL ends an array */
	const struct espalier_parameter *parameters; /* ended by a NULL name; NULL: none */
	uint32_t flags;				     /* WRITABLE, CREATABLE, DELETABLE, OPERATION */
	const char *description;
};

/* ---- Values ------------------------------------------------------------------------------------------------- */

/** A value outside shared memory. Text is UTF-8, `length` bytes, not necessarily NUL-terminated. */
struct espalier_value {
	enum espalier_type type;
	uint32_t length;
	union {
		int64_t integer;  /* INT, LONG */
		uint64_t number;  /* UNSIGNED_INT, UNSIGNED_LONG, BOOLEAN (0 or 1) */
		const char *text; /* the other types, and every LIST */
	};
};

/** "unsignedInt" and so on: the type's name in TR-106 and XML Schema ("base64" for BASE64). */
ESPALIER_API const char *espalier_type_name(enum espalier_type type);

/** The type of a name as above, or -EINVAL. */
ESPALIER_API int espalier_type_of_name(const char *name, size_t length);

/**
 * Checks a value's text against a parameter's type, range, length, items and enumeration, and converts it.
 * `value->text` points into `text`. Returns 0, -EINVAL for a wrong form or -ERANGE for a value that the limits exclude
 * (both are "invalid value" to a manager).
 */
ESPALIER_API int espalier_value_parse(const struct espalier_parameter *parameter, const char *text, size_t length,
				      struct espalier_value *value);

/** Writes a value's canonical text. Returns its length without the NUL that is added when it fits; -ENOSPC if not. */
ESPALIER_API ssize_t espalier_value_format(const struct espalier_value *value, char *buffer, size_t size);

/* ---- Writing ------------------------------------------------------------------------------------------------ */

struct espalier_writer;
struct espalier_request;

/** A row of this writer. Stays valid until the row is removed; then functions answer -ESTALE. {0, 0} is no row. */
struct espalier_row {
	uint32_t slot; /* slot number + 1 */
	uint32_t generation;
};

/** One parameter to set. */
struct espalier_change {
	struct espalier_row row;
	uint32_t object;    /* index into the writer's objects */
	uint32_t parameter; /* index into the object's parameters */
	const char *path;   /* the full path */
	struct espalier_value value;
	int fault;	  /* to be set by validate(): enum espalier_fault of this entry */
	const char *text; /* to be set with fault: one line for a person, static or living as long as the request */
};

/**
 * How an owner answers requests. Each may be NULL. All get the writer's context. They run inside
 * espalier_writer_serve(). A callback that can't answer at once returns ESPALIER_PENDING and answers later.
 */
struct espalier_owner {
	/**
	 * Looks at a whole set before anything changes; the library has checked types and limits already.
	 * NULL: all is accepted. Marks bad entries (fault, text), returns ESPALIER_OK or the overall fault.
	 */
	int (*validate)(struct espalier_writer *writer, struct espalier_request *request,
			struct espalier_change *changes, size_t count, void *context);
	/**
	 * Applies a validated set; the library stores the values in the rows when it returns ESPALIER_OK.
	 * NULL: storing is all there is to do. Called a second time with the former values if the set must be undone
	 * because another owner failed (`undo` true).
	 */
	int (*commit)(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		      size_t count, bool undo, void *context);
	/** Adds an instance of a table below `parent` ({0,0} at the top): espalier_instance_add() and _publish(). The
	 *  result goes to *row. NULL: denied. */
	int (*add)(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		   struct espalier_row parent, struct espalier_row *row, void *context);
	/** Deletes an instance: espalier_instance_remove(). NULL: denied. */
	int (*remove)(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		      void *context);
	/**
	 * Runs a command by name (a path and arguments as "name=value" texts, see espalier_argument()). NULL: denied.
	 * The arguments of a command that the schema declares (ESPALIER_OPERATION) have been checked by the library:
	 * names, types and limits, none given twice. A fault of the owner's own is 9800 to 9899.
	 */
	int (*operate)(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		       const struct espalier_value *arguments, size_t count, void *context);
};

struct espalier_writer_options {
	const char *name;    /* of the segment: letters, digits, '-', '_' */
	const char *folder;  /* run folder; NULL: $ESPALIER_DIR, else /run/espalier */
	const char *program; /* shown as owner; NULL: the name */
	const char *version; /* of the program; may be NULL */
	const struct espalier_object *objects;
	const struct espalier_owner *owner; /* NULL: every request is denied, values are read-only */
	void *context;
	uint32_t rows; /* rows to make room for at first; 0: chosen; it grows by itself */
	mode_t mode;   /* permissions of the segment; 0: 0644 */
};

/**
 * Prepares a segment, not yet visible to readers. Rows of all objects without {i} exist at once, with zero and empty
 * values. Errors: -EBUSY another living process has the name, -EINVAL a bad schema (see espalier_error_text()),
 * -ENOSPC the file system is full, -EACCES and what open() says.
 * The objects are copied. Creates the folder when it is missing.
 */
ESPALIER_API int espalier_writer_open(struct espalier_writer **writer, const struct espalier_writer_options *options);

/** One line about the last failure of espalier_writer_open() or of a reader's attach in this thread. */
ESPALIER_API const char *espalier_error_text(void);

/** Makes the prepared segment visible by one rename, in place of one that a dead writer left. */
ESPALIER_API int espalier_writer_publish(struct espalier_writer *writer);

/**
 * Appends objects (ended by a NULL path) to the schema; their indices follow the present ones. An object may have the
 * path of another: their parameters are read as one object's. Publishes a new segment when one is published.
 */
ESPALIER_API int espalier_writer_extend(struct espalier_writer *writer, const struct espalier_object *objects);

/** Ends: marks the segment closed, removes it and the socket, frees everything. NULL is allowed. */
ESPALIER_API void espalier_writer_close(struct espalier_writer *writer);

/** The row of an object without {i}, or the row of a single object below an instance's row. */
ESPALIER_API struct espalier_row espalier_row_of(struct espalier_writer *writer, uint32_t object,
						 struct espalier_row instance);

/**
 * Adds an instance of a table, below `parent` when the path has more than one {i} ({0,0} otherwise), with the rows of
 * single objects below it. Not visible before espalier_instance_publish().
 * `instance` > 0. Errors: -EEXIST, -ENOSPC, -ESTALE (parent), -EINVAL.
 */
ESPALIER_API int espalier_instance_add(struct espalier_writer *writer, uint32_t object, struct espalier_row parent,
				       uint32_t instance, struct espalier_row *row);

/** Makes an added instance, with all that is below it, visible at once. */
ESPALIER_API int espalier_instance_publish(struct espalier_writer *writer, struct espalier_row row);

/** Removes an instance and all rows below it. */
ESPALIER_API int espalier_instance_remove(struct espalier_writer *writer, struct espalier_row row);

/** The instance number of a row (its own or that of the instance it belongs to), 0 when it has none or is stale. */
ESPALIER_API uint32_t espalier_instance_number(struct espalier_writer *writer, struct espalier_row row);

/** The row of an instance by its number, {0,0} when there is none. */
ESPALIER_API struct espalier_row espalier_instance_find(struct espalier_writer *writer, uint32_t object,
							struct espalier_row parent, uint32_t instance);

/** How many instances a table has below `parent`, for ...NumberOfEntries parameters. */
ESPALIER_API uint32_t espalier_instance_count(struct espalier_writer *writer, uint32_t object,
					      struct espalier_row parent);

/** The full path of a row, e.g. "Device.Ethernet.Interface.3."; returns its length. */
ESPALIER_API ssize_t espalier_row_path(struct espalier_writer *writer, struct espalier_row row, char *buffer,
				       size_t size);

/** Starts an update: the setters below fill a copy that readers don't see. The present values are the start. */
ESPALIER_API int espalier_begin(struct espalier_writer *writer, struct espalier_row row);

/** Setters, between begin and commit. -EINVAL for another type, -ERANGE for a value outside the schema's limits. */
ESPALIER_API int espalier_set_unsigned(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				       uint64_t value);
ESPALIER_API int espalier_set_signed(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				     int64_t value);
ESPALIER_API int espalier_set_boolean(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				      bool value);
ESPALIER_API int espalier_set_text(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				   const char *text, size_t length);
/** The same with a NUL-terminated text. */
ESPALIER_API int espalier_set_string(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				     const char *text);
ESPALIER_API int espalier_set_value(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
				    const struct espalier_value *value);

/** Publishes the update, atomically, and wakes readers that watch a parameter which changed. */
ESPALIER_API int espalier_commit(struct espalier_writer *writer, struct espalier_row row);

/** Gives an update up: nothing changes. */
ESPALIER_API void espalier_abandon(struct espalier_writer *writer, struct espalier_row row);

/** The present value of a writer's own row; text goes to the buffer. */
ESPALIER_API int espalier_get(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
			      struct espalier_value *value, char *buffer, size_t size);

/** A file descriptor that is readable when espalier_writer_serve() has something to do, for a poll loop. */
ESPALIER_API int espalier_writer_fd(struct espalier_writer *writer);

/**
 * Serves requests and watchers. Waits up to `milliseconds` (0: not at all, -1: no limit), serves what came, returns
 * 0; -EINTR when a signal came while waiting. With a limit it returns when the time is up, however much it served.
 */
ESPALIER_API int espalier_writer_serve(struct espalier_writer *writer, int milliseconds);

/** Answers a request whose callback returned ESPALIER_PENDING. `fault` as the callback would have returned. */
ESPALIER_API void espalier_answer(struct espalier_request *request, int fault, struct espalier_row row,
				  const char *text);

/** The value of one of an operation's arguments, NUL-terminated, or NULL when it was not given. Lives as they do. */
ESPALIER_API const char *espalier_argument(const struct espalier_value *arguments, size_t count, const char *name);

/** What an operation has resulted in: a name and a value. */
struct espalier_operation_value {
	const char *name;
	const char *value; /* text form */
};

enum { ESPALIER_OPERATION_VALUES_MAXIMUM = 256 }; /* results of one operation */

/**
 * Answers an operate request with success and results, inside the callback, which then returns ESPALIER_PENDING, or
 * later. Values beyond ESPALIER_OPERATION_VALUES_MAXIMUM are left out.
 */
ESPALIER_API void espalier_answer_values(struct espalier_request *request,
					 const struct espalier_operation_value *values, size_t count);

/* ---- Numbering ---------------------------------------------------------------------------------------------- */

/*
 * Durable instance numbers for a collector: a key (an interface's name, a node id) gets a number that it keeps across
 * restarts, and that no other key gets. Kept in one text file, written by fsync and rename.
 */
struct espalier_numbering;

/** `file` NULL: nothing is durable. */
ESPALIER_API int espalier_numbering_open(struct espalier_numbering **numbering, const char *file);
ESPALIER_API void espalier_numbering_close(struct espalier_numbering *numbering);

/** The number of a key in a table, given now if it is new (not yet durable before espalier_numbering_save()). */
ESPALIER_API int espalier_numbering_get(struct espalier_numbering *numbering, const char *table, const char *key,
					uint32_t *number);

/** Forgets a key; its number is not given again. */
ESPALIER_API int espalier_numbering_forget(struct espalier_numbering *numbering, const char *table, const char *key);

/** Gives the number of a key to another key, e.g. when an interface was renamed. */
ESPALIER_API int espalier_numbering_rename(struct espalier_numbering *numbering, const char *table, const char *key,
					   const char *new_key);

/** A number for a row without a key, greater than all that the table ever had. -ENOSPC: there is none. */
ESPALIER_API int espalier_numbering_next(struct espalier_numbering *numbering, const char *table, uint32_t *number);

/** A row of the table has this number in another way: espalier_numbering_get() and _next() go on behind it. */
ESPALIER_API int espalier_numbering_note(struct espalier_numbering *numbering, const char *table, uint32_t number);

/** Makes all of it durable when it changed. */
ESPALIER_API int espalier_numbering_save(struct espalier_numbering *numbering);

/* ---- Reading ------------------------------------------------------------------------------------------------ */

struct espalier_reader;
struct espalier_segment;

/** What a node of the tree is. */
enum espalier_node_kind {
	ESPALIER_NODE_ROW, /* an object or an instance with a row; one path has several when several segments add to it
			    */
	ESPALIER_NODE_TABLE, /* "Device.Ethernet.Interface.": the object that holds instances */
	ESPALIER_NODE_PLAIN, /* an object that only holds others */
};

/** An object of a segment as its reader sees it: a private, checked copy of the schema. */
struct espalier_object_view {
	const char *path; /* with {i} */
	const char *description;
	uint32_t flags;
	uint32_t parameter_count;
	uint32_t slot_words;
	const struct espalier_parameter *parameters;
	const uint32_t *offsets;    /* of each parameter, in words from the slot's start */
	const uint32_t *capacities; /* text: bytes kept in the row */
	uint32_t index;		    /* the object's index in its segment */
	struct espalier_segment *segment;
};

/** One object in tree order. Valid until the next espalier_reader_refresh() that reports a new structure. */
struct espalier_node {
	const char *path; /* ends in a dot */
	uint32_t path_length;
	uint16_t kind;	   /* enum espalier_node_kind */
	uint16_t instance; /* 1 when the last component is an instance number */
	const struct espalier_object_view
		*object;     /* ROW: its schema; TABLE: the schema of its instances; PLAIN: NULL */
	const uint32_t *row; /* ROW: in shared memory; see espalier-row.h */
	uint32_t generation;
	uint32_t following; /* index of the next node that is not below this one */
};

/** A segment as espalier_reader_segments() tells it. */
struct espalier_segment_status {
	const char *name, *program, *version;
	bool alive;    /* its writer lives (holds the lock) */
	uint32_t rows; /* visible */
	uint64_t bytes, bytes_used;
	uint32_t minor;
	double age;	     /* seconds since the newest row changed; negative when there is none */
	const char *problem; /* why it can't be read, or NULL */
};

/** Opens the run folder (NULL: as above) and all its segments. -ENOENT when there is no folder: then nothing is open.
 */
ESPALIER_API int espalier_reader_open(struct espalier_reader **reader, const char *folder);
ESPALIER_API void espalier_reader_close(struct espalier_reader *reader);

/** What espalier_reader_refresh() found. */
enum espalier_refresh {
	ESPALIER_NEW_STRUCTURE = 1, /* rows or segments came or went: nodes are new, old pointers are gone */
};

/**
 * Brings the node list up to date: attaches new and replaced segments, drops vanished ones. Costs a few loads a segment
 * when nothing happened. Returns a set of enum espalier_refresh, or -errno.
 */
ESPALIER_API int espalier_reader_refresh(struct espalier_reader *reader);

/** All nodes in tree order: parameters of an object before its children, names by bytes, instances by number. */
ESPALIER_API const struct espalier_node *espalier_reader_nodes(struct espalier_reader *reader, uint32_t *count);

/** Segments, readable or not; the array lives until the next refresh. */
ESPALIER_API const struct espalier_segment_status *espalier_reader_segments(struct espalier_reader *reader,
									    uint32_t *count);

/** Whether the writer of the segment with this name lives: costs one system call. */
ESPALIER_API bool espalier_reader_alive(struct espalier_reader *reader, const char *name);

/**
 * The schema of a readable segment, object by object: `segment` counts like espalier_reader_segments(), `object` from
 * 0. NULL behind the last one. Lives until the next refresh that reports a new structure.
 */
ESPALIER_API const struct espalier_object_view *espalier_reader_object(struct espalier_reader *reader, uint32_t segment,
								       uint32_t object);

/**
 * The node of an object path ending in a dot (the first, when several segments add to it); "" is the whole tree: node
 * 0. Returns its index or -ENOENT.
 */
ESPALIER_API int64_t espalier_find_object(struct espalier_reader *reader, const char *path, size_t length);

/** The node and parameter of a full parameter path. Returns the node's index, or -ENOENT. */
ESPALIER_API int64_t espalier_find_parameter(struct espalier_reader *reader, const char *path, size_t length,
					     uint32_t *parameter);

/**
 * Resolves a path with any number of `*` in place of instance numbers, full or partial. Calls `found` for each match in
 * tree order: a parameter (parameter < count), or an object (parameter = UINT32_MAX) when the path ends in a dot.
 * Stops when `found` returns non-zero and returns that; otherwise the number of matches, or -ENOENT for none.
 */
ESPALIER_API int64_t espalier_resolve(struct espalier_reader *reader, const char *path, size_t length,
				      int (*found)(const struct espalier_node *node, uint32_t parameter, void *context),
				      void *context);

/**
 * Reads one parameter. Text goes to the buffer. 0; -EAGAIN when the writer changed the row on every try;
 * -ESTALE when the row is gone (the value is then the last one, if still there); -EBADMSG for impossible contents;
 * -ENOSPC when the buffer is too small (length says how much).
 */
ESPALIER_API int espalier_read(const struct espalier_node *node, uint32_t parameter, struct espalier_value *value,
			       char *buffer, size_t size);

/**
 * Reads a whole row consistently: values[i] for each parameter, texts in the buffer. Errors as espalier_read(); on
 * -EAGAIN values and buffer hold nothing of use.
 * `age` (may be NULL): milliseconds since the row was last published.
 */
ESPALIER_API int espalier_read_row(const struct espalier_node *node, struct espalier_value *values, char *buffer,
				   size_t size, uint64_t *age);

/** A text's place in shared memory for one that encodes straight from it, or NULL when offset and length are wrong. */
ESPALIER_API const uint32_t *espalier_text_words(const struct espalier_node *node, const uint32_t *slot,
						 uint32_t parameter, uint32_t *length);

/** A number by handle: what a tool keeps to read one parameter again and again. */
struct espalier_handle {
	const uint32_t *row;
	uint32_t generation;
	uint32_t first;	 /* words from the row to the value in slot 0 */
	uint32_t stride; /* words from there to the value in slot 1 */
	uint32_t wide;	 /* 1: 64 bits */
};

/** Makes the handle of a numeric or boolean parameter; -EINVAL for a text. */
ESPALIER_API int espalier_handle_open(const struct espalier_node *node, uint32_t parameter,
				      struct espalier_handle *handle);

/** espalier_handle_read() when its first try failed. Not to be called otherwise. */
ESPALIER_API int espalier_handle_read_again(const struct espalier_handle *handle, uint64_t *value);

/** One try of a read by handle: false when the row changed meanwhile, or is gone. */
static inline bool espalier_handle_try(const struct espalier_handle *handle, uint64_t *value, uint32_t *generation)
{
	uint32_t version = espalier_row_begin(handle->row);
	const uint32_t *word = handle->row + handle->first + (-(version & 1u) & handle->stride);

	uint64_t number = espalier_load(word);

	if (handle->wide)
		number |= (uint64_t)espalier_load(word + 1) << 32;
	*value = number;
	*generation = espalier_load(handle->row + 1);
	return !espalier_row_changed(handle->row, version);
}

/** Reads a number by handle (an int as its 32 bits). 0, -EAGAIN, or -ESTALE when the row is gone (the value is then the
 *  last one). */
static inline int espalier_handle_read(const struct espalier_handle *handle, uint64_t *value)
{
	uint32_t generation;
	uint64_t number, second;
	int error;

	if (__builtin_expect(espalier_handle_try(handle, &number, &generation) && generation == handle->generation,
			     1)) {
		*value = number;
		return 0;
	}
	/* A variable of its own: so the first one never has to lie in memory. */
	error = espalier_handle_read_again(handle, &second);
	*value = second;
	return error;
}

/** The name of a node's segment and of the program that owns it. */
ESPALIER_API const char *espalier_node_segment(const struct espalier_node *node);
ESPALIER_API const char *espalier_node_program(const struct espalier_node *node);

/* ---- Waking ------------------------------------------------------------------------------------------------- */

/**
 * Asks the owners to wake this reader when the parameter (or any below the partial path) changes, or rows come or go.
 * Holds for present and future segments until espalier_unwatch_all(). The first call connects to the owners.
 */
ESPALIER_API int espalier_watch(struct espalier_reader *reader, const char *path);
ESPALIER_API void espalier_unwatch_all(struct espalier_reader *reader);

/** Readable when espalier_reader_process() has something to do. Watches the run folder too. */
ESPALIER_API int espalier_reader_fd(struct espalier_reader *reader);

/** What espalier_reader_process() found; look with espalier_reader_refresh() and by reading. */
enum espalier_wake {
	ESPALIER_WAKE_VALUES = 1,    /* a watched value changed */
	ESPALIER_WAKE_STRUCTURE = 2, /* rows or segments came or went, or an owner died */
};

/**
 * Takes what has come (wakes, answers to requests), without waiting. Returns a set of enum espalier_wake, or -errno.
 * After it, every change that follows wakes again: read the values after this call, not before it.
 */
ESPALIER_API int espalier_reader_process(struct espalier_reader *reader);

/* ---- Requests ----------------------------------------------------------------------------------------------- */

/** Kinds of request that a reader sends to an owner. */
enum espalier_request_kind {
	ESPALIER_VALIDATE = 1, /* check a set; the owner keeps it */
	ESPALIER_COMMIT,       /* apply the set that this connection had validated; it can still be undone */
	ESPALIER_UNDO,	       /* take it back (or forget it, when not committed) */
	ESPALIER_FINISH,       /* keep it for good */
	ESPALIER_ADD,
	ESPALIER_DELETE,
	ESPALIER_OPERATE,
};

/** One entry of a request. For SET: path and value. ADD: the table's path, ending in a dot. DELETE: the instance's.
 *  OPERATE: first the command (path), then arguments (path = name, value). */
struct espalier_entry {
	const char *path;
	const char *value; /* text form, not NUL-terminated when length says so */
	uint32_t length;
};

/** The answer to one entry, or to the request as a whole (index UINT32_MAX). */
struct espalier_answer_entry {
	uint32_t index;
	int fault;
	const char *text;
};

/** What came of a request. Lives during the callback only. */
struct espalier_result {
	int error; /* 0; -EPIPE the owner went away; -ECONNREFUSED not alive; -EACCES; -ETIMEDOUT (synchronous only) */
	int fault; /* overall enum espalier_fault */
	const char *text;
	uint32_t instance;			     /* ADD: the new instance's number */
	const struct espalier_answer_entry *entries; /* faults only */
	uint32_t count;
	const struct espalier_operation_value *values; /* OPERATE: what it resulted in */
	uint32_t value_count;
};

/**
 * Sends a request to the owner of a segment (by name, see espalier_node_segment()); never blocks. `done` is called
 * from espalier_reader_process(), exactly once. A set is all-or-nothing over several owners when the caller validates
 * with each, then commits with each, then finishes with each; what is not finished when the connection ends is undone.
 * Requests to one segment are answered in order, but for OPERATE: that is answered when the owner has done it, and the
 * requests behind it do not wait. An owner has at most 64 of them to answer for one manager; more are refused with
 * ESPALIER_FAULT_RESOURCES.
 */
ESPALIER_API int espalier_request_send(struct espalier_reader *reader, const char *segment,
				       enum espalier_request_kind kind, const struct espalier_entry *entries,
				       size_t count, void (*done)(const struct espalier_result *result, void *context),
				       void *context);

/** Sets parameters of any owners, all or nothing, and waits up to `milliseconds`. `result` as above is passed to `done`
 *  once, for a tool; returns 0 or the overall fault or -errno. */
ESPALIER_API int espalier_set_wait(struct espalier_reader *reader, const struct espalier_entry *entries, size_t count,
				   int milliseconds, void (*done)(const struct espalier_result *result, void *context),
				   void *context);

/** Sends one ADD, DELETE or OPERATE to the right owner and waits. */
ESPALIER_API int espalier_request_wait(struct espalier_reader *reader, enum espalier_request_kind kind,
				       const struct espalier_entry *entries, size_t count, int milliseconds,
				       void (*done)(const struct espalier_result *result, void *context),
				       void *context);

#ifdef __cplusplus
}
#endif
