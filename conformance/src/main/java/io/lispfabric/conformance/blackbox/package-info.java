/**
 * A suite of questions over UDP for any vendor's Map-Server and Map-Resolver. It judges by its own
 * reading of the RFCs: octets are built and read here, without the codec of this project, so that
 * both cannot share a mistake. Start at {@link io.lispfabric.conformance.blackbox.Suite}.
 */
@NullMarked
package io.lispfabric.conformance.blackbox;

import org.jspecify.annotations.NullMarked;
