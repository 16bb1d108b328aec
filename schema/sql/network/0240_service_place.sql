-- Places of services' virtual addresses: each is given once, however many processes give them.
create sequence service_place minvalue 1;
