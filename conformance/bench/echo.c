/* The yardstick: sends back what comes, in batches, and does nothing else.  echo ADDRESS PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 32, ROOM = 2048 };

int main(int argc, char **argv) {
    static char room[BATCH][ROOM];
    static struct sockaddr_in from[BATCH];
    static struct iovec part[BATCH];
    static struct mmsghdr message[BATCH];
    struct sockaddr_in at = {.sin_family = AF_INET};
    int size = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (argc != 3 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
        fprintf(stderr, "usage: echo ADDRESS PORT\n");
        return 2;
    }
    at.sin_port = htons((unsigned short) atoi(argv[2]));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *) &at, sizeof at) != 0) {
        perror("echo");
        return 1;
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            part[i] = (struct iovec) {room[i], ROOM};
            message[i].msg_hdr = (struct msghdr) {.msg_name = &from[i], .msg_namelen = sizeof from[i],
                                                  .msg_iov = &part[i], .msg_iovlen = 1};
        }
        int count = recvmmsg(fd, message, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++) {
            part[i].iov_len = message[i].msg_len;
        }
        for (int sent = 0; sent < count;) {
            int more = sendmmsg(fd, message + sent, count - sent, 0);
            sent += more > 0 ? more : 1; /* what the kernel refuses is lost */
        }
    }
}
