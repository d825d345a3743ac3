/** Tests of the shell: real sockets, real log, real disk. */
@NullMarked
package io.lispfabric.server.app;

import org.jspecify.annotations.NullMarked;
