#ifndef CONVOKE_C_API_H
#define CONVOKE_C_API_H

/* The client library for C, and through it for Swift and Kotlin. Same meaning, same thread rules as
 * convoke/client.h: every call may come from any thread, none blocks on the network, and what happened is
 * drained with convoke_poll on the caller's thread. Strings are UTF-8 and end with NUL; a string that is
 * handed out is valid only until the callback that got it returns. Times are Unix milliseconds. 1 means yes
 * or done, 0 no or not done. A NULL string is taken for "", a NULL function is not called, and with a NULL
 * client nothing happens and the answer is 0. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct convoke_client convoke_client;

typedef enum { CONVOKE_AVAILABLE, CONVOKE_AWAY, CONVOKE_BUSY, CONVOKE_OFFLINE } convoke_presence;

typedef enum {
  CONVOKE_CONNECTED,          /* - */
  CONVOKE_DISCONNECTED,       /* text: reason; code; time_ms: until the next attempt */
  CONVOKE_CHAT_STARTED,       /* group, plan, text: name, ends_ms */
  CONVOKE_BUDDY_LIST_CHANGED, /* group, version */
  CONVOKE_CHAT_ENDED,         /* group, plan, text: reason, time_ms; the buddy list is deleted */
  CONVOKE_MESSAGE_RECEIVED,   /* group, user: from, id, text, message_type, epoch, n, time_ms, home_epoch,
                                 home_n;   code: 1 edited, 2 deleted */
  CONVOKE_MESSAGE_SENT,       /* group, id, epoch, n, time_ms: an own message has its place */
  CONVOKE_MESSAGE_ARCHIVED,   /* group, id: it is safe */
  CONVOKE_MESSAGE_DROPPED,    /* group, id: it will not be sent */
  CONVOKE_TYPING,             /* group, user */
  CONVOKE_DELIVERED,          /* group, user, epoch, n, home_epoch, home_n */
  CONVOKE_READ,               /* group, user, epoch, n, home_epoch, home_n */
  CONVOKE_AVAILABLE_BUDDIES,  /* id: request, group, buddies, buddy_count, code: 1 if there are more */
  CONVOKE_POSITION_WANTED,    /* - */
  CONVOKE_REFUSED,            /* message_type: what, id: topic, or the request's id, group, code, text */
  CONVOKE_EVENTS_LOST,        /* version: how many */
  CONVOKE_MESSAGE_EDITED,     /* group, user: who wrote it, id, text, epoch, n, time_ms of the edit */
  CONVOKE_MESSAGE_DELETED, /* group, user: who wrote it, id, text: by whom, epoch, n, time_ms of the delete */
  CONVOKE_REGISTERED,      /* plan, code: 1 registered, 0 not any more */
  CONVOKE_BLOCKED,         /* user, code: 1 blocked, 0 not any more */
  CONVOKE_BLOCKED_USERS,   /* id: request, buddies (of each only `user`), buddy_count */
  CONVOKE_ERASED,          /* - */
  CONVOKE_MESSAGE_PLACED,  /* group, user: who wrote it, id, home_epoch, home_n */
  CONVOKE_OTHER_SITES      /* code: 1 they may, 0 they may not */
} convoke_event_type;

typedef enum { CONVOKE_MEMBER, CONVOKE_MUTED, CONVOKE_STAFF } convoke_standing;

typedef struct {
  const char* user;
  const char* name; /* "": show the user id */
  convoke_presence presence;
  int64_t ends_ms; /* 0: as the group */
  convoke_standing standing;
} convoke_buddy;

typedef struct {
  const char* id;
  const char* plan;
  const char* name;
  int64_t started_ms;
  int64_t ends_ms;  /* 0: no end is set yet */
  uint64_t version; /* of the buddy list held; 0: none yet */
  int settled;      /* 0 while the list is being brought from one version to the next */
  uint32_t members;
  uint32_t available;
  uint32_t pages;      /* of the whole buddy list */
  uint32_t pages_held; /* of these this phone holds */
  int announcement_only;
  int64_t slow_ms;     /* from a member's message to their next one; the SDK keeps to it */
  uint32_t per_minute; /* messages of a member, 0: no limit; the SDK waits by itself */
  const char* home;    /* the site whose chat it is; "": this one's */
} convoke_group;

/* Fields that an event type does not name are zero or "". */
typedef struct {
  convoke_event_type type;
  const char* group;
  const char* plan;
  const char* user;
  const char* id;
  const char* text;
  const char* message_type;
  uint64_t version;
  uint64_t epoch;
  uint64_t n;
  int64_t time_ms;
  int64_t ends_ms; /* 0: none */
  int code;
  const convoke_buddy* buddies;
  size_t buddy_count;
  /* In a chat of another site: the message's place in the order there; home_n 0: not known yet. Shown by it,
   * and behind it, by epoch and n, what has none. */
  uint64_t home_epoch;
  uint64_t home_n;
} convoke_event;

/* Writes the token, NUL-terminated, into `token` (4097 bytes). Returns 1; 0 for "not now". Called on the
 * SDK's thread; see Options::token. */
typedef int (*convoke_token_fn)(void* context, char* token, size_t size);
/* There is something to poll. Called on the SDK's thread: wake the main loop, do nothing else. */
typedef void (*convoke_wake_fn)(void* context);
typedef void (*convoke_event_fn)(void* context, const convoke_event* event);
typedef void (*convoke_buddy_fn)(void* context, const convoke_buddy* buddy);
typedef void (*convoke_group_fn)(void* context, const convoke_group* group);

typedef struct {
  const char* broker; /* "ssl://host:8883"; several: separated by commas */
  const char* site;
  const char* user;
  const char* device;
  const char* ca_file;    /* NULL: the system's certificates */
  const char* state_file; /* NULL: nothing survives the process */
  convoke_token_fn token;
  convoke_wake_fn wake;      /* NULL: the app polls by itself */
  void* context;             /* for token and wake */
  uint32_t keepalive_s;      /* 0: 30 */
  uint32_t session_expiry_s; /* 0: one day */
  int send_every_position;   /* 0: only those that something can follow from */
} convoke_options;

/* NULL if an option is not usable; `error` (may be NULL) then says which. */
convoke_client* convoke_create(const convoke_options* options, char* error, size_t error_size);
void convoke_destroy(convoke_client* client);

void convoke_open(convoke_client* client);
void convoke_retry_now(convoke_client* client);
void convoke_close(convoke_client* client);
int convoke_connected(const convoke_client* client);

void convoke_set_presence(convoke_client* client, convoke_presence presence);
/* time_ms 0: now; acc_m negative: unknown. */
int convoke_report_position(convoke_client* client, int64_t time_ms, double lat, double lon, double acc_m);
/* How many positions were sent, and how many the server did not need. Each pointer may be NULL. */
void convoke_position_counts(const convoke_client* client, uint64_t* sent, uint64_t* suppressed);

/* Calls `fn` for each chat this user is in. Returns how many. */
size_t convoke_groups(const convoke_client* client, convoke_group_fn fn, void* context);
/* Calls `fn` for each buddy held of the group. Returns how many. */
size_t convoke_buddies(const convoke_client* client, const char* group, int only_available,
                       convoke_buddy_fn fn, void* context);
int convoke_load_more_buddies(convoke_client* client, const char* group);
/* `id` gets the request's id (65 bytes). */
int convoke_request_available(convoke_client* client, const char* group, const char* after, char* id,
                              size_t id_size);

/* `id` (may be NULL) gets the message's id (65 bytes). */
int convoke_send(convoke_client* client, const char* group, const char* text, char* id, size_t id_size);
/* The same, as a reply to the message of that id. */
int convoke_reply(convoke_client* client, const char* group, const char* text, const char* reply_to, char* id,
                  size_t id_size);
/* Gives an own message another text, or deletes it. `id` (may be NULL) gets the change's own id (65 bytes).
 */
int convoke_edit(convoke_client* client, const char* group, const char* message, const char* text, char* id,
                 size_t id_size);
int convoke_delete_message(convoke_client* client, const char* group, const char* message, char* id,
                           size_t id_size);
/* Asks staff to look at a message; `reason` may be "". `id` (may be NULL) gets the request's id (65 bytes).
 */
int convoke_report_message(convoke_client* client, const char* group, const char* from, const char* message,
                           const char* reason, char* id, size_t id_size);
/* Registers this user with a plan, or takes that back (0). `id` (may be NULL) gets the request's id (65
 * bytes).
 */
int convoke_set_registered(convoke_client* client, const char* plan, int registered, char* id,
                           size_t id_size);
/* Blocks a user, or takes that back (0). `id` (may be NULL) gets the request's id (65 bytes). */
int convoke_set_blocked(convoke_client* client, const char* user, int blocked, char* id, size_t id_size);
/* Whether other sites may draw this user into chats; until it is said they may not. */
int convoke_let_other_sites(convoke_client* client, int allow, char* id, size_t id_size);
/* Asks whom this user has blocked. */
int convoke_request_blocked(convoke_client* client, char* id, size_t id_size);
/* Asks the server to erase all that it holds about this user. There is no way back. */
int convoke_erase_user(convoke_client* client, char* id, size_t id_size);
void convoke_typing(convoke_client* client, const char* group);
/* This user has received, or read, all up to the message at this place. */
void convoke_delivered(convoke_client* client, const char* group, uint64_t epoch, uint64_t n);
void convoke_read(convoke_client* client, const char* group, uint64_t epoch, uint64_t n);
int convoke_leave(convoke_client* client, const char* group);

/* Waits up to `timeout_ms` (0: not at all) for events and calls `fn` for each. Returns how many. */
size_t convoke_poll(convoke_client* client, int timeout_ms, convoke_event_fn fn, void* context);

#ifdef __cplusplus
}
#endif
#endif
