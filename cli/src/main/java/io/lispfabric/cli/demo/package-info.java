/**
 * Figure 1 of draft-jain-lisp-network-ai-infra, alive in one process: real servers, real xTRs, real
 * datagrams on loopback addresses. Start at {@link io.lispfabric.cli.demo.DemoCommand}.
 */
@NullMarked
package io.lispfabric.cli.demo;

import org.jspecify.annotations.NullMarked;
