# Flows are requests that come after each other, each on what those before it
# made: repeated with their keys, lost on their way, sent many at a time, read
# back. What a step does not say of its request is that of the seed request of
# the operation. `plumbline generate` writes all of it, to be edited.
Feature: flows

  Scenario: an order is made again with its key
    Given the experiment "mine/keys"
    When the probe phase "keys"
    And flow "createOrder" is walked, in which "a creation of /orders is repeated with its key"
    And step "first" requests "createOrder", and has to succeed
    And its header "Idempotency-Key" is a new "uuid"
    And step "second" requests "createOrder"
    And its header "Idempotency-Key" is what "first" sent there
    And its answer is held against the answer to "first"
    And step "mismatch" requests "createOrder", case "createOrder/full", which may be refused
    And it sends:
      """
      POST /orders
      Accept: application/json
      Content-Type: application/json
      Idempotency-Key:

      {"product_id":"p-2","quantity":3}
      """
    And its header "Idempotency-Key" is what "first" sent there
    And 5s later, step "late" requests "createOrder", like "second"
    And its answer is held against the answer to "first"
    And step "delete" requests "deleteOrder", even when the flow has ended
    And its path parameter "orderId" is "/id" of the answer to "first"

  Scenario: duplicates meet while inventory is slow
    Given the experiment "mine/duplicates"
    When the probe phase "rounds"
    And "inventory" answers late by 200ms for this run
    And flow "duplicates" is walked
    And step "round" requests "createOrder", 10 times at once, which may be refused
    And its header "Idempotency-Key" is a new "uuid"
    And step "delete" requests "deleteOrder", once for each answer to "round", which may be refused
    And its path parameter "orderId" is "/id" of the answer to "round"

  Scenario: the answer to a creation is lost, and it is made again
    Given the experiment "mine/lost"
    When the fault phase "losses"
    And flow "lost" is walked
    And step "usual" requests "createOrder", and has to succeed
    And its header "Idempotency-Key" is a new "uuid"
    And step "list" requests "listOrders"
    And it walks the pages of "/items", whose items are named by "/id" and, when created, by "/id", 20 at most, in this way:
      """json
      {"style":"cursor","param":"cursor","limit":"limit","next":"/next","why":"declared"}
      """
    And step "again" requests "createOrder"
    And its header "Idempotency-Key" is a new "uuid"
    And it is sent once before, and that answer is lost after 0.5 of the time that "usual" took
    And it is repeated every 300ms for 8s
    And it is repeated only while "it is to be tried again later": (the status == 409) or (the status == 429) or (the status == 503)

  Scenario: a step of an order fails, and what was taken is given back
    Given the experiment "mine/saga"
    When the fault phase "payment fails"
    And "payment" answers status 503 for this run on POST under "/charge"
    And flow "limited" is walked
    And step "before" requests "getProduct"
    And step "take" requests "createOrder", which may be refused
    And 300ms later, step "after" requests "getProduct", like "before"
    And its answer has to show that "as much is left as before": (the "/stock" == the "/stock" of "before") or (the status of "take" < 300)
    And it is repeated every 200ms for 12s

  Scenario: writes are read back from all instances
    Given the experiment "mine/abreast"
    When the fault phase "abreast"
    And "orders" is scaled to 2 instances
    And flow "orders" is walked
    And step "write" requests "createOrder", and has to succeed
    And 2s later, step "read" requests "getOrder", 4 times at once
    And its path parameter "orderId" is "/id" of the answer to "write"
    And its answer is held against what "write" sent, where nothing may be missing
    And step "delete" requests "deleteOrder", even when the flow has ended
    And its path parameter "orderId" is "/id" of the answer to "write"
