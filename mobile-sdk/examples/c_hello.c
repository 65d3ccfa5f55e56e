/* Connects, reports one position, and prints what happens for a minute.
 *   c_hello tcp://127.0.0.1:1883 SITE USER TOKEN LAT LON */
#include <convoke/c_api.h>
#include <stdio.h>
#include <stdlib.h>

static int give_token(void* context, char* token, size_t size) {
  return snprintf(token, size, "%s", (const char*)context) > 0;
}

static void show(void* context, const convoke_event* event) {
  convoke_client* client = context;
  switch (event->type) {
    case CONVOKE_CONNECTED:
      printf("connected\n");
      break;
    case CONVOKE_DISCONNECTED:
      printf("not connected: %s\n", event->text);
      break;
    case CONVOKE_CHAT_STARTED:
      printf("chat %s has started\n", event->text);
      convoke_send(client, event->group, "Hello from C", NULL, 0);
      break;
    case CONVOKE_MESSAGE_RECEIVED:
      printf("%s: %s\n", event->user, event->text);
      break;
    case CONVOKE_CHAT_ENDED:
      printf("chat %s has ended: %s\n", event->plan, event->text);
      break;
    default:
      break;
  }
}

int main(int argc, char** argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: c_hello tcp://HOST:PORT SITE USER TOKEN LAT LON\n");
    return 2;
  }
  convoke_options options = {0};
  options.broker = argv[1];
  options.site = argv[2];
  options.user = argv[3];
  options.device = "c";
  options.token = give_token;
  options.context = argv[4];

  char error[200];
  convoke_client* client = convoke_create(&options, error, sizeof error);
  if (client == NULL) {
    fprintf(stderr, "%s\n", error);
    return 2;
  }
  convoke_open(client);
  convoke_report_position(client, 0, atof(argv[5]), atof(argv[6]), 10);
  for (int second = 0; second < 60; ++second) convoke_poll(client, 1000, show, client);
  convoke_destroy(client);
  return 0;
}
