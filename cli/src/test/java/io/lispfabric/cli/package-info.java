/** Tests of the commands, over real sockets on loopback. */
@NullMarked
package io.lispfabric.cli;

import org.jspecify.annotations.NullMarked;
